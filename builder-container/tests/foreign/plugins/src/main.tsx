import { createRoot } from "react-dom/client"
import { registerSW } from "virtual:pwa-register"
import Logo from "./logo.svg?react"
import "./theme.scss"

registerSW()
createRoot(document.getElementById("root")!).render(<Logo />)
