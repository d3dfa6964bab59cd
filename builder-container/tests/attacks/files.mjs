import { openSync, readFileSync, readdirSync, readlinkSync, symlinkSync } from "node:fs"

const { held, refused, order } = globalThis
for (const file of [order.canary, order.elsewhere, "/etc/shadow", "/etc/passwd", "/proc/1/root/etc/shadow"])
  refused(`read ${file}`, () => readFileSync(file))
for (const folder of [order.other, `${order.state}/incoming`, `${order.state}/workers`, "/root", "/home", "/etc"])
  refused(`list ${folder}`, () => {
    const names = readdirSync(folder)
    // In namespaces the folders on the way to what it sees exist, with nothing else in them.
    const seen = [order.folder, order.packages, order.scripts, order.node]
    const leads = (name) => seen.some((path) => `${path}/`.startsWith(`${folder}/${name}/`))
    if (names.every(leads)) throw new Error("nothing there")
  })
symlinkSync(order.canary, `${order.folder}/out/link`)
refused("follow a link", () => readFileSync(`${order.folder}/out/link`))
refused("open what the supervisor has open", () => {
  for (const fd of readdirSync(`/proc/${order.supervisor}/fd`)) openSync(readlinkSync(`/proc/${order.supervisor}/fd/${fd}`))
})
held()
