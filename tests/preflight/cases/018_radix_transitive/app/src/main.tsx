import * as x from "@radix-ui/react-slot"
console.log(x)
