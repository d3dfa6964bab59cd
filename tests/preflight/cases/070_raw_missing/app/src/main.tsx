import t from "./nope.txt?raw"
console.log(t)
