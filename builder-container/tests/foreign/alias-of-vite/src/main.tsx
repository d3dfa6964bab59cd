import { createRoot } from "react-dom/client"
import { App } from "@/App"
import { shout } from "~lib/shout"
import { name } from "config"

createRoot(document.getElementById("root")!).render(<App text={shout(name)} />)
