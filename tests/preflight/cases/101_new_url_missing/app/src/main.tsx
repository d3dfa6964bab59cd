console.log(new URL("./nope.png", import.meta.url).href)
