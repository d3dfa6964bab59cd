import { rmSync, symlinkSync } from "node:fs"

// The same, with a file that never ends.
const { order, result } = globalThis
rmSync(`${order.root}/src/main.tsx`)
symlinkSync("/dev/zero", `${order.root}/src/main.tsx`)
await result({ errors: [{ message: "look", file: `${order.root}/src/main.tsx`, line: 1, column: 1 }] })
process.exit(0)
