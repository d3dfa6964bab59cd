import { StrictMode } from "react"
import { createRoot } from "react-dom/client"
import { App } from "@/app/App"
import { showFavicon } from "@/app/favicon"
import "./styles.css"

const root = document.getElementById("root")
if (!root) throw new Error("index.html has no element with the id “root”")

showFavicon()
createRoot(root).render(
  <StrictMode>
    <App />
  </StrictMode>,
)
