import A from "./a.svg?react"
console.log(A)
