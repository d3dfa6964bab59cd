// The build worker: loads Vite, warms it up, takes one job from stdin, says what came of it on stdout, and is gone.
//
// It is trusted, what it builds is not: it runs none of it (the hooks below), and it reads nothing outside of the
// project for it (`fence.mjs`). Every message is one line of JSON.
//   in   {"root","out","packages","mode","maps","types","types_limit_ms","types_until_ms"}
//                                    absolute folders: the sources, where artifacts go, the packages that are not baked, or null;
//                                    whether a production build has source maps;
//                                    how long types may be checked, and until when from the beginning of the job
//   out  {"type":"ready"}
//        {"type":"result","ok","errors","missing","warnings","notes","vendor","weights","types","types_failure","vite_ms","types_ms"}
import { existsSync, realpathSync } from "node:fs"
import { createRequire, registerHooks } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { enclose, encloseScanner } from "./fence.mjs"

// Whatever a package prints must not look like a message.
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = process.stderr.write.bind(process.stderr)
const say = (message) => new Promise((done) => write(`${JSON.stringify(message)}\n`, done))

const own = dirname(fileURLToPath(import.meta.url))
const packagesFolder = realpathSync(join(own, "..", "node_modules"))
const extrasFolder = existsSync(join(own, "extras")) ? [realpathSync(join(own, "extras", "node_modules"))] : []
const packages = [packagesFolder, ...extrasFolder].map((folder) => `${pathToFileURL(folder).href}/`)

// Tailwind runs a `@plugin` or `@config` of a style sheet by import(), then through jiti. The supervisor refuses these
// before the build, with a position; this is for a style sheet that it did not take for one.
const refusal = "Tailwind plugins and configuration files are not run"
registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === "jiti") return { url: "overskill:jiti", format: "module", shortCircuit: true }
    const found = next(specifier, context)
    const ours = packages.some((folder) => found.url.startsWith(folder)) || dirname(found.url) === dirname(import.meta.url)
    if (found.url.startsWith("file:") && !ours) throw new Error(refusal)
    return found
  },
  load: (url, context, next) =>
    url === "overskill:jiti"
      ? {
          format: "module",
          shortCircuit: true,
          source: `export const createJiti = () => { throw new Error(${JSON.stringify(refusal)}) }`,
        }
      : next(url, context),
})

// Tailwind takes the scanner as it finds it.
encloseScanner(createRequire(realpathSync(join(packagesFolder, "@tailwindcss/vite/package.json")))("@tailwindcss/oxide"))
const { compile, warmUp } = await import("./compile.mjs")
const { checkTypes, checkTypesOfTheRest } = await import("./typecheck.mjs")

const run = async ({ root, out, packages: installed, mode, maps, types, types_limit_ms, types_until_ms }) => {
  const until = performance.now() + types_until_ms
  const left = () => Math.max(0, Math.min(types_limit_ms, until - performance.now()))
  process.chdir(root)
  const folders = [root, packagesFolder, ...(installed ? [installed] : [])].map((folder) => realpathSync(folder))
  enclose(...folders, ...extrasFolder)
  let checking = types === "beside" ? checkTypes(root, folders, left()) : null
  const started = performance.now()
  // Whoever mends a failed build hears of the types as well, so that the next one does not fail for them.
  const failed = () => {
    if (types !== "off") checking = checkTypesOfTheRest(root, folders, left(), checking)
  }
  const result = { type: "result", ...(await compile(root, out, mode, maps, failed)) }
  result.vite_ms = Math.round(performance.now() - started)
  const checked = await checking
  Object.assign(result, {
    types: checked?.output ?? null,
    types_failure: (result.ok && checked?.failure) || null,
    types_ms: checked?.ms ?? null,
  })
  await say(result)
}

let received = ""
let jobs
const job = new Promise((resolve) => (jobs = resolve))
process.stdin.setEncoding("utf8").on("data", (text) => {
  received += text
  const end = received.indexOf("\n")
  if (end >= 0) jobs(JSON.parse(received.slice(0, end)))
})
// The supervisor is gone: nobody waits for a result.
process.stdin.on("end", () => process.exit(0))

enclose(realpathSync(join(own, "warm")), packagesFolder)
await warmUp(join(own, "warm"))
await say({ type: "ready" })
await run(await job)
process.exit(0)
