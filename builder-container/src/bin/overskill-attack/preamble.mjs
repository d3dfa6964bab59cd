// What a worker does that was taken over: it says that it is ready, takes a job, and then runs whatever follows this.
const write = (text) => new Promise((done) => process.stdout.write(text, done))
const say = (message) => write(`${JSON.stringify(message)}\n`)
/** A result as the supervisor expects one, with something in it changed. */
globalThis.result = (changes) =>
  say({ type: "result", ok: false, errors: [], missing: [], warnings: [], types: null, vite_ms: 1, types_ms: null, ...changes })
globalThis.write = write
const end = async (message) => {
  await globalThis.result({ errors: [{ message }] })
  process.exit(0)
}
globalThis.held = () => end("held")
globalThis.escaped = (how) => end(`escaped: ${how}`)
globalThis.refused = (what, act) => {
  try {
    act()
  } catch {
    return
  }
  throw globalThis.escaped(`it could ${what}`)
}
const take = () =>
  new Promise((done) => {
    let received = ""
    process.stdin.setEncoding("utf8").on("data", (text) => {
      received += text
      if (received.includes("\n")) done(JSON.parse(received))
    })
    process.stdin.on("end", () => process.exit(0))
  })
await say({ type: "ready" })
if (ORDER.idle === undefined) {
  const job = await take()
  globalThis.order = { ...ORDER, root: job.root, out: job.out, folder: job.root.slice(0, job.root.lastIndexOf("/")) }
}
