import style from "./style.module.css"

document.body.className = style.a
