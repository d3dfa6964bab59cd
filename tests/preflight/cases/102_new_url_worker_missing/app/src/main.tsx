new Worker(new URL("./nope.ts", import.meta.url))
