import "./x"
