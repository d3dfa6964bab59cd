import("./nope").then(console.log)
