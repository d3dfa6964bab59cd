import { writeFileSync } from "node:fs"

const { order } = globalThis
const block = Buffer.alloc(50_000_000, 1)
let number = 0
setInterval(() => writeFileSync(`${order.folder}/out/${number++}`, block), 20)
