throw new Error("THIS RAN")
