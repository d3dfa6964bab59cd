import { spawn, spawnSync } from "node:child_process"
import { watch } from "node:fs"
import { setPriority } from "node:os"

const { held, refused, order } = globalThis
for (const pid of [order.supervisor, order.bystander]) {
  refused(`find the process ${pid}`, () => process.kill(pid, 0))
  refused(`kill the process ${pid}`, () => process.kill(pid, "SIGWINCH"))
}
for (const folder of ["incoming", "workers"]) refused(`watch ${folder}`, () => watch(`${order.state}/${folder}`))
refused("have the supervisor wait", () => setPriority(order.supervisor, 19))
refused("start a shell", () => {
  const { error } = spawnSync("/bin/sh", ["-c", "true"])
  if (error) throw error
})
// Left behind, one of them in a session of its own if it gets one: whoever runs this sees whether they are gone.
for (const detached of [false, true])
  spawn(process.execPath, ["--eval", "setTimeout(() => {}, 60_000)", order.folder], { detached, stdio: "ignore" })
await new Promise((done) => setTimeout(done, 300))
held()
