import { useStat } from "react"
useStat()
