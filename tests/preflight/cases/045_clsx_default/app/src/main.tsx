import s from "clsx"
console.log(s)
