import { createRoot } from "react-dom/client"
import { Home } from "@/pages/Home"
import "./main.css"

createRoot(document.getElementById("root")!).render(<Home />)
