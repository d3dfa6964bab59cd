import { mkdirSync, writeFileSync } from "node:fs"

// As deep as a path can be, and then deeper: each folder is made from inside of the one above.
const { order, result } = globalThis
writeFileSync(`${order.out}/index.html`, "")
process.chdir(order.out)
for (let depth = 0; depth < 20_000; depth++)
  try {
    mkdirSync("d")
    process.chdir("d")
  } catch {
    break
  }
await result({ ok: true })
process.exit(0)
