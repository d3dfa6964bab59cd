import { createRoot } from "react-dom/client"
import { Home } from "@/pages/Home"
import { Menu } from "./parts/menu"
import { Clock } from "./parts/clock"
import "./main.css"
import "./theme.css"

createRoot(document.getElementById("root")!).render(
  <>
    <Menu />
    <Home />
    <Clock />
  </>,
)
