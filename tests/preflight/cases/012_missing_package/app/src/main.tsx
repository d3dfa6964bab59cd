import x from "left-pad"
x()
