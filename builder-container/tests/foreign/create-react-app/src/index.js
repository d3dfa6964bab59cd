import App from "./App"
