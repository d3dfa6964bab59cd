import t from "./a.ts?raw"
console.log(t)
