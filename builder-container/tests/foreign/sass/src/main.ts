import "./index.css"
import "./app.scss"

document.body.textContent = "Hello"
