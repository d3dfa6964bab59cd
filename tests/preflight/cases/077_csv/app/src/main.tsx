import A from "./a.csv"
console.log(A)
