// The fence: what an app may put into its build is the project's own files and the toolchain's packages. Vite has no
// such limit: `import "../../token?raw"` would publish any file that the builder can read.
//
// Three ways lead to a file, and each is closed. Modules are loaded by Rolldown: `guard` looks at each id. Assets,
// style sheets and source maps are read by Vite, Tailwind and PostCSS with `node:fs`, without asking a plugin:
// `enclose` puts a check before those functions. Tailwind's scanner reads by itself: `enclose` looks at its sources.
// What a name stands for is decided after symbolic links are followed.
import fs from "node:fs"
import { syncBuiltinESMExports } from "node:module"
import { basename, dirname, join, resolve, sep } from "node:path"
import { fileURLToPath } from "node:url"

const mark = "overskill:outside:"
let allowed = null

/** Files outside that were asked for so far. */
export const refusals = new Set()

const lies = (path, folder) => path === folder || path.startsWith(folder + sep)

const within = (path) => {
  let real
  try {
    real = fs.realpathSync.native(path)
  } catch {
    // There is nothing to read.
    return true
  }
  return allowed.some((folder) => lies(real, folder))
}

const withoutQuery = (id) => id.replace(/[?#].*$/s, "")

/** Whether a module id is a file that may be part of the build, or no file at all. */
export const isInside = (id) => {
  const path = id.replace(/^\0+/, "")
  return !path.startsWith("/") || (within(resolve(path)) && within(resolve(withoutQuery(path))))
}

/** Whether a specifier, whatever exists, leads above the project. */
export const leadsOut = (specifier, importer, root) => {
  const path = withoutQuery(specifier)
  if (path.startsWith(`${root}/`)) return !lies(resolve(path), root)
  const packages = allowed.slice(1)
  const target = path.startsWith(".") ? resolve(dirname(withoutQuery(importer)), path) : join(root, path)
  return /^[./]/.test(path) && !lies(target, root) && !packages.some((folder) => lies(target, folder))
}

/** From here on, nothing outside of these real folders is read; the first is the project. */
export const enclose = (...folders) => {
  allowed = folders
}

const check = (path) => {
  if (allowed === null || typeof path === "number" || typeof path?.fd === "number") return
  const target = resolve(path instanceof URL ? fileURLToPath(path) : String(path))
  if (within(target)) return
  // Resolvers look for this in every folder above by themselves. There is none, as far as they are concerned.
  if (basename(target) === "package.json")
    throw Object.assign(new Error(`ENOENT: no such file or directory, open '${target}'`), { code: "ENOENT", errno: -2, path: target })
  refusals.add(target)
  throw new Error(mark + target)
}

for (const [holder, names] of [
  [fs, ["readFile", "readFileSync", "open", "openSync", "createReadStream"]],
  [fs.promises, ["readFile", "open"]],
])
  for (const name of names) {
    const original = holder[name]
    const fails = holder === fs.promises
    holder[name] = (path, ...rest) => {
      try {
        check(path)
      } catch (error) {
        if (fails) return Promise.reject(error)
        throw error
      }
      return original(path, ...rest)
    }
  }
syncBuiltinESMExports()

/** Makes Tailwind's scanner refuse `@source` and `source()` that lead outside. To be called before Tailwind is loaded. */
export const encloseScanner = (oxide) => {
  const Scanner = oxide.Scanner
  oxide.Scanner = class extends Scanner {
    constructor(options) {
      for (const { base, pattern } of allowed === null ? [] : (options?.sources ?? [])) {
        // The part before the first wildcard is a path; what comes after it must not climb.
        const [, fixed, rest] = /^([^*?{[!]*)(.*)$/s.exec(pattern)
        const folder = resolve(base, fixed.replace(/[^/]*$/, ""))
        if (/(^|[/{,])\.\.([/},]|$)/.test(rest) || !within(folder) || !within(resolve(base, pattern)))
          throw new Error(mark + resolve(base, pattern))
      }
      super(options)
    }
  }
}

/** A text as a regular expression that matches nothing else. `RegExp.escape` is younger than the oldest Node in use. */
const literally = (text) => text.replace(/[\\^$.*+?()[\]{}|]/g, "\\$&")

/** Refuses every module that lies outside. Packages, which are most of what is loaded, are not even asked about. */
export const guard = (packages) => ({
  name: "overskill:fence",
  enforce: "pre",
  load: {
    order: "pre",
    filter: { id: { exclude: new RegExp(`^${literally(`${packages}/`)}(?!.*\\.\\.)`) } },
    handler(id) {
      if (!isInside(id)) throw new Error(mark + withoutQuery(id))
      return null
    },
  },
})

/** What of the outside an error complains of, if it does. */
export const outside = (error) => {
  const [, target] = new RegExp(`${mark}([^\\n]*)`).exec(String(error?.message ?? error)) ?? []
  return target ?? null
}

/** Where a source names what was refused: offset and name, if it does so in plain letters. */
export const named = (source, file, target, root) => {
  for (const match of source.matchAll(/(["'`])((?:(?!\1)[^\n\\])*)\1|(?:url\(|=)\s*([^"'`\s)>]+)/g)) {
    const name = match[2] ?? match[3]
    let path = withoutQuery(name)
    try {
      path = decodeURI(path)
    } catch {}
    if (path === "") continue
    const meant = [resolve(dirname(file), path), join(root, path), join(root, "src", path.replace(/^@\//, ""))]
    if (meant.includes(target)) return { offset: match.index + match[0].indexOf(name), name }
  }
  return null
}
