// Runs inside, once at start, and tries to get out. Prints what it could do that it should not.
import { readFileSync, readdirSync, writeFileSync } from "node:fs"
import { connect } from "node:net"

const { canary, scripts, packages, folder, port, supervisor } = JSON.parse(process.argv[1])
const broken = []
const attempt = (what, act) => {
  try {
    act()
    broken.push(what)
  } catch {}
}

// What must work.
writeFileSync(`${folder}/out/probe`, "written")
readFileSync(`${packages}/vite/package.json`)
readdirSync(scripts)

attempt("read a file of another job", () => readFileSync(canary))
attempt("wrote beside the scripts", () => writeFileSync(`${scripts}/probe`, ""))
attempt("wrote into the packages", () => writeFileSync(`${packages}/.overskill-probe`, ""))
attempt("read the machine's users", () => readFileSync("/etc/passwd"))
attempt("read the supervisor's environment", () => {
  // Inside a process namespace the number may be another's, who has none.
  const own = readFileSync(`/proc/${supervisor}/environ`, "utf8")
  if (!own.includes("PATH=")) throw new Error("not the supervisor's")
})
attempt("signalled the supervisor", () => process.kill(supervisor, 0))
await new Promise((done) => {
  const socket = connect(port, "127.0.0.1")
  socket.on("connect", () => done(broken.push("reached the network")))
  socket.on("error", done)
})
console.log(JSON.stringify(broken))
process.exit(0)
