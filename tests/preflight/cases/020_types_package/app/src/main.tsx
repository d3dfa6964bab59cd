import * as x from "@types/react"
console.log(x)
