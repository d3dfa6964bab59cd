import d from "./re"
document.title = d
