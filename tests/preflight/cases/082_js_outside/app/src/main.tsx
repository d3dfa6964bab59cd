import p from "../../x"
console.log(p)
