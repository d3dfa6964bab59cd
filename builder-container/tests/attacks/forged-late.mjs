import { spawn } from "node:child_process"
import { writeFileSync } from "node:fs"

// It says that it is done, and what it left behind goes on writing.
const { order, result } = globalThis
writeFileSync(`${order.out}/index.html`, "<p>done</p>")
const more = "setInterval(() => require('node:fs').appendFileSync(process.argv[1], 'more'), 1)"
spawn(process.execPath, ["--eval", more, `${order.out}/index.html`], { detached: true, stdio: "ignore" }).unref()
await new Promise((done) => setTimeout(done, 200))
await result({ ok: true })
process.exit(0)
