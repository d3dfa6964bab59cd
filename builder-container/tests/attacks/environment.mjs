import { readFileSync, readdirSync } from "node:fs"

const { held, escaped, order } = globalThis
const names = Object.keys(process.env).sort().join()
if (names !== "HOME,OPENSSL_CONF,PATH,TMPDIR" && names !== "HOME,OPENSSL_CONF,PATH,PWD,TMPDIR") escaped(`it has ${names}`)
let processes = []
try {
  processes = readdirSync("/proc").filter((name) => /^\d+$/.test(name))
} catch {}
for (const pid of ["1", String(order.supervisor), ...processes])
  for (const name of ["environ", "cmdline", "mem", "maps"]) {
    let text = ""
    try {
      text = readFileSync(`/proc/${pid}/${name}`, "latin1")
    } catch {}
    if (name === "environ" && (text.includes("CARGO") || text.includes("BUILDER_"))) escaped(`it read the environment of ${pid}`)
    if (name === "environ" && pid === "1" && text !== "") escaped(`process 1 has the environment ${text}`)
    if (name === "cmdline" && text === order.bystanderLine) escaped(`it saw the process ${pid}`)
  }
held()
