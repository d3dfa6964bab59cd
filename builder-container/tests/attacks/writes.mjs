import { appendFileSync, chmodSync, linkSync, mkdirSync, renameSync, statSync, unlinkSync, writeFileSync } from "node:fs"

const { held, refused, order } = globalThis
for (const folder of [order.packages, `${order.packages}/vite`, order.scripts, order.state, order.other, "/", "/dev", "/dev/shm", "/usr/lib", "/usr/local/lib"]) {
  refused(`write into ${folder}`, () => writeFileSync(`${folder}/attack`, ""))
  refused(`make a folder in ${folder}`, () => mkdirSync(`${folder}/attack-folder`))
}
refused("change a script", () => appendFileSync(`${order.scripts}/worker.mjs`, "\n"))
refused("change a package", () => appendFileSync(`${order.packages}/vite/package.json`, "\n"))
refused("replace a script", () => renameSync(`${order.folder}/home`, `${order.scripts}/worker.mjs`))
refused("remove a script", () => unlinkSync(`${order.scripts}/worker.mjs`))
refused("link a script into its folder", () => linkSync(`${order.scripts}/worker.mjs`, `${order.folder}/out/worker.mjs`))
const script = `${order.scripts}/worker.mjs`
const { mode } = statSync(script)
refused("change a script's mode", () => {
  chmodSync(script, 0o777)
  // What has no effect is told as done.
  if (statSync(script).mode === mode) throw new Error("it is as it was")
})
refused("fill a temporary folder", () => {
  for (let number = 0; number < 10; number++) writeFileSync(`/tmp/${number}`, Buffer.alloc(16 * 1024 * 1024, 1))
})
refused("write a large file", () => {
  for (let number = 0; number < 5; number++) appendFileSync(`${order.folder}/out/large`, Buffer.alloc(64 * 1024 * 1024, 1))
})
held()
