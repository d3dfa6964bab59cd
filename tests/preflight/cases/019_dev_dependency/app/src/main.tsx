import * as x from "tailwindcss"
console.log(x)
