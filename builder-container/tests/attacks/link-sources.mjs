import { renameSync, symlinkSync } from "node:fs"

// The same, with the folder of all sources.
const { order, result } = globalThis
renameSync(order.root, `${order.root}-before`)
symlinkSync(order.other, order.root)
const file = `${order.root}/src/secret.ts`
await result({ errors: [{ message: "look", file, line: 1, column: 1 }], types: "src/secret.ts(1,1): error TS1: look\n" })
process.exit(0)
