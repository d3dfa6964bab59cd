import { appendFileSync, truncateSync, writeFileSync } from "node:fs"

// 5 GB: in one file, as a file with a hole, and in files that are each as large as they may be.
const { order, refused, result } = globalThis
const large = `${order.out}/large`
writeFileSync(large, "")
refused("make a file of 5 GB with a hole", () => truncateSync(large, 5_000_000_000))
const block = Buffer.alloc(50_000_000, 1)
refused("write a file of 5 GB", () => {
  for (let number = 0; number < 100; number++) appendFileSync(large, block)
})
for (let number = 0; number < 100; number++)
  try {
    appendFileSync(`${order.out}/${number >> 2}`, block)
  } catch {}
writeFileSync(`${order.out}/index.html`, "")
await result({ ok: true })
process.exit(0)
