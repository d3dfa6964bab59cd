// Asks the registry what it has, with the parts that npm itself is made of: one answer for each package that is asked
// about. Runs outside of the sandbox, and runs nothing of what it hears.
//   argument   npm's own script, beside whose modules the parts are
//   in         {"registry","cache","before","age","packages":[{"name","spec"}]}   one object; a date and milliseconds, or null
//   out        [{"status":"found","version","integrity"}            what the spec means, old enough
//               | {"status":"unknown"}                              there is no such package
//               | {"status":"no_version","latest"}                  none of its versions fits
//               | {"status":"young","version","from","older"}       what fits is too young; from: the date from which it
//                                                                   is not; older: the newest that is not
//               | {"status":"failed","why"}]                        the registry did not say
import { createRequire } from "node:module"

const require = createRequire(process.argv[1])
const pacote = require("pacote")
const pick = require("npm-pick-manifest")
/** Questions at once. */
const AT_ONCE = 12

let text = ""
for await (const piece of process.stdin.setEncoding("utf8")) text += piece
const { registry, cache, before, age, packages } = JSON.parse(text)
const options = {
  registry,
  cache,
  fullMetadata: true,
  userAgent: "npm",
  replaceRegistryHost: "always",
  // A name is one of the registry, whatever else it could mean.
  allowGit: "none",
  allowRemote: "none",
  allowFile: "none",
  allowDirectory: "none",
  fetchRetries: 2,
  timeout: 30_000,
}

const attempt = (packument, spec, date) => {
  try {
    return pick(packument, spec, date ? { before: new Date(date) } : {})
  } catch {
    return null
  }
}

const ask = async ({ name, spec }) => {
  let packument
  try {
    packument = await pacote.packument(name, options)
  } catch (error) {
    // 404, and what a registry says of names that it keeps to itself.
    if ([401, 403, 404, 451].includes(error.statusCode) || error.code === "ENOVERSIONS") return { status: "unknown" }
    return { status: "failed", why: String(error.message ?? error).slice(0, 300) }
  }
  const latest = packument["dist-tags"]?.latest ?? null
  const found = attempt(packument, spec, before)
  if (found) return { status: "found", version: found.version, integrity: found.dist?.integrity ?? null }
  const young = attempt(packument, spec, null)
  if (!young) return { status: "no_version", latest: attempt(packument, "*", before)?.version ?? latest }
  const published = Date.parse(packument.time?.[young.version])
  return {
    status: "young",
    version: young.version,
    from: Number.isNaN(published) ? null : new Date(published + age).toISOString().slice(0, 16).replace("T", " "),
    older: attempt(packument, "*", before)?.version ?? null,
  }
}

const answers = []
let next = 0
const work = async () => {
  while (next < packages.length) {
    const number = next++
    answers[number] = await ask(packages[number])
  }
}
await Promise.all(Array.from({ length: AT_ONCE }, work))
process.stdout.write(JSON.stringify(answers))
