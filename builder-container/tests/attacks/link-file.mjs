import { symlinkSync, writeFileSync } from "node:fs"

const { order, result } = globalThis
writeFileSync(`${order.out}/index.html`, "")
symlinkSync(order.canary, `${order.out}/secret.txt`)
await result({ ok: true })
process.exit(0)
