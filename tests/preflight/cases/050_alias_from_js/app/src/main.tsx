import "./im.js"
