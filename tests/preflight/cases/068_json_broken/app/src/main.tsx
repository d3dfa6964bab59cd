import d from "./d.json"
console.log(d)
