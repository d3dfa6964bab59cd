import "./f/g/y"
