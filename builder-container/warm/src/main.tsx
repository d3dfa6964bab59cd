import { createRoot } from "react-dom/client"
import "./main.css"

createRoot(document.body).render(<p className="p-4 font-medium">Ready</p>)
