import x from "virtual:nope"
x()
