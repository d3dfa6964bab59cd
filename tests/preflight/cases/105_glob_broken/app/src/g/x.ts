import "./nope"
