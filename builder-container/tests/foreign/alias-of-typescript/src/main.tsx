import { createRoot } from "react-dom/client"
import { Button } from "#ui/Button"
import { label } from "@/label"

createRoot(document.getElementById("root")!).render(<Button label={label} />)
