import a from "./a"
document.title = a
