import { writeFileSync } from "node:fs"

const { order, result } = globalThis
writeFileSync(`${order.out}/index.html`, "")
for (let number = 0; number < 100_000; number++) writeFileSync(`${order.out}/${number}`, "")
await result({ ok: true })
process.exit(0)
