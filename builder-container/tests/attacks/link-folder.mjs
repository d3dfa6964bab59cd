import { symlinkSync, writeFileSync } from "node:fs"

const { order, result } = globalThis
writeFileSync(`${order.out}/index.html`, "")
symlinkSync(order.other, `${order.out}/assets`)
await result({ ok: true })
process.exit(0)
