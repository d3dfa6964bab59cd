import { rmSync, symlinkSync } from "node:fs"

// A mistake is reported in a source that has become a link: its lines would be shown.
const { order, result } = globalThis
rmSync(`${order.root}/src/main.tsx`)
symlinkSync(order.canary, `${order.root}/src/main.tsx`)
await result({ errors: [{ message: "look", file: `${order.root}/src/main.tsx`, line: 1, column: 1 }] })
process.exit(0)
