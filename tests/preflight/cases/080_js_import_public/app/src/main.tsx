import x from "/p.png"
console.log(x)
