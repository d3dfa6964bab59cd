import L from "lucide-react"
console.log(L)
