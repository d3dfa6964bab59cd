import t from "./s.css"
console.log(t)
