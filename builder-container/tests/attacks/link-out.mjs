import { rmSync, symlinkSync } from "node:fs"

// The whole output is another job's folder, which has an `index.html`.
const { order, result } = globalThis
rmSync(order.out, { recursive: true })
symlinkSync(order.other, order.out)
await result({ ok: true })
process.exit(0)
