import { ReactNode } from "react"
export const x: ReactNode = 1
