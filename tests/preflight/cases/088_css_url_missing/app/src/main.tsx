import "./s.css"
