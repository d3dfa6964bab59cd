import { createRoot } from "react-dom/client"
import "./index.css"

createRoot(document.getElementById("root")!).render(<p className="wording text-brand animate-in fade-in-50 dark:p-7">Four</p>)
