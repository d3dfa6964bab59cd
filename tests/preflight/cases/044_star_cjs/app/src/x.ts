export * from "react"
