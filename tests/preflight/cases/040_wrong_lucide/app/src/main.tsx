import { Housee } from "lucide-react"
console.log(Housee)
