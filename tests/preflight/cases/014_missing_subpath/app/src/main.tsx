import x from "react-router/nope"
x()
