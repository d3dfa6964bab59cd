console.log(nope)
