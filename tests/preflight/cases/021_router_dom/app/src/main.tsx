import { Link } from "react-router-dom"
console.log(Link)
