import { createRoot } from "react-dom/client"
import { Card } from "@/components/Card"
import "./index.css"

createRoot(document.getElementById("root")!).render(<Card />)
