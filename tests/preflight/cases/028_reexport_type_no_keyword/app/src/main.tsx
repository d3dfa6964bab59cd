import "./re"
