import "./index.css"
import { nothing } from "./nothing"

document.body.textContent = nothing
