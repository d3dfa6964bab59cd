import { useStat } from "react"
