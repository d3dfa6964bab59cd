import { createRoot } from "react-dom/client"
import App from "App"
import { theme } from "styles/theme"
import logo from "images/logo.svg"

createRoot(document.getElementById("root")).render(<App theme={theme} logo={logo} />)
