import W from "./w.ts?raw"
console.log(W)
