// Runs in place of the container's first process: starts the entry point, waits until the health check's command is content,
// builds an app, and says what it saw. Fails at the first thing that is not as it should be.
import { spawn, spawnSync } from "node:child_process"
import { writeFileSync } from "node:fs"

const { entry, health, port, token, user, volumes } = JSON.parse(process.argv[2])
const fail = (why) => {
  console.error(why)
  process.exit(1)
}
if (process.getuid() !== Number(user[0]) || process.getgid() !== Number(user[1])) fail(`it runs as ${process.getuid()}`)
for (const folder of ["/", "/usr/local/bin", "/toolchain", "/etc"])
  try {
    writeFileSync(`${folder}/written`, "")
    fail(`${folder} can be written`)
  } catch {}
for (const folder of volumes) writeFileSync(`${folder}/written`, "")

let said = ""
const builder = spawn(entry[0], entry.slice(1), { stdio: ["ignore", "ignore", "pipe"] })
builder.stderr.setEncoding("utf8").on("data", (text) => (said += text))
builder.on("exit", (code) => fail(`the entry point ended with ${code}: ${said}`))
const isWell = () => spawnSync(health[0], health.slice(1)).status === 0
if (isWell()) fail("the health check is content with nobody")
for (let attempt = 0; !isWell(); attempt++) {
  if (attempt > 200) fail(`it does not get well: ${said}`)
  await new Promise((done) => setTimeout(done, 100))
}
const words = ["/app", "--mode", "production", "--json", "--builder", `http://127.0.0.1:${port}`]
const built = spawnSync("/check/overskill-build", words, { env: { ...process.env, BUILDER_TOKEN: token }, encoding: "utf8" })
if (built.status !== 0) fail(`${built.stdout}${built.stderr}${said}`)
const { report } = JSON.parse(built.stdout)
builder.removeAllListeners("exit")
builder.kill("SIGTERM")
const code = await new Promise((done) => builder.on("exit", done))
if (code !== 0) fail(`stopped, it ends with ${code}: ${said}`)
console.log(
  `as user ${user.join(":")} on a read-only root it is well, builds ${report.artifacts} artifacts in ${report.timings.total_ms} ms ` +
    `(sandbox: ${report.sandbox}), and stops when it is told to`,
)
process.exit(0)
