import { existsSync, writeFileSync } from "node:fs"

// A source has become a pipe that nobody writes to, and a mistake is reported in it.
const { order, result } = globalThis
writeFileSync(`${order.out}/waits`, "")
while (!existsSync(`${order.out}/done`)) await new Promise((done) => setTimeout(done, 20))
await result({ errors: [{ message: "look", file: `${order.root}/pipe`, line: 1, column: 1 }] })
process.exit(0)
