import { LucideIcon } from "lucide-react"
export const x: LucideIcon | 1 = 1
