import "./s.scss"
