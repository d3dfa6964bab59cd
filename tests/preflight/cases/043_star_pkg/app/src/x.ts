export * from "lucide-react"
