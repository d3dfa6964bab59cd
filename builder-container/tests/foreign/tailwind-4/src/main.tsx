import { createRoot } from "react-dom/client"
import "./index.css"

createRoot(document.getElementById("root")!).render(<p className="text-brand animate-spin dark:p-7">Four</p>)
