// Prints what the packages of the foundation export, in the form that src/preflight/vendor.rs reads.
//
//   node xtask/local/vendor-exports.mjs FOUNDATION
//
// Names come from the packages as they are installed: ES modules are parsed, CommonJS modules are loaded, types are
// read from the declarations. The same packages give the same text.
import { createRequire } from "node:module"
import { existsSync, readFileSync, readdirSync, statSync } from "node:fs"
import { dirname, join, resolve } from "node:path"
import { pathToFileURL } from "node:url"

process.env.NODE_ENV = "production"

/** What a build for browsers asks `exports` for. */
const CONDITIONS = new Set(["module", "browser", "production", "import", "default"])
/** The same for style sheets, as Tailwind asks. */
const STYLE_CONDITIONS = new Set(["style", "production", "import", "default"])
/** A pattern in `exports` that stands for more files than this is written as the pattern. */
const MOST_OF_A_PATTERN = 100

const foundation = resolve(process.argv[2] ?? "templates/foundation")
const modules = join(foundation, "node_modules")
const require = createRequire(join(foundation, "package.json"))
const { parseSync } = await import(pathToFileURL(join(modules, "vite/dist/node/index.js")).href)

const isFile = (path) => statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
const json = (path) => JSON.parse(readFileSync(path, "utf8"))
const manifests = new Map()

/** The manifest of a package, or null when it is not installed at the top. */
function manifest(name) {
  if (!manifests.has(name)) {
    const path = join(modules, name, "package.json")
    manifests.set(name, existsSync(path) ? json(path) : null)
  }
  return manifests.get(name)
}

/** The target of a part of `exports` under these conditions, or null. */
function target(part, conditions) {
  if (typeof part === "string") return part
  if (Array.isArray(part)) return part.map((one) => target(one, conditions)).find(Boolean) ?? null
  for (const [condition, inner] of Object.entries(part ?? {})) {
    const found = conditions.has(condition) ? target(inner, conditions) : null
    if (found) return found
  }
  return null
}

/** `exports` with sub-paths as keys, or null when the package has none. */
function subpaths({ exports }) {
  if (exports === undefined) return null
  if (typeof exports === "string" || Array.isArray(exports)) return { ".": exports }
  return Object.keys(exports).every((key) => key.startsWith(".")) ? exports : { ".": exports }
}

function split(specifier) {
  const parts = specifier.split("/")
  const name = parts.splice(0, specifier.startsWith("@") ? 2 : 1).join("/")
  return { name, subpath: parts.length ? `./${parts.join("/")}` : "." }
}

/** The file of a package's sub-path, or null. */
function file(name, subpath, conditions = CONDITIONS) {
  const own = manifest(name)
  if (!own) return null
  const at = (path) => (path ? join(modules, name, path) : null)
  const table = subpaths(own)
  if (table) return at(matched(table, subpath, conditions))
  if (conditions.has("types")) return subpath === "." ? at(own.types ?? own.typings) : null
  return subpath === "." ? at(own.module ?? own.main ?? "index.js") : at(subpath)
}

function matched(table, subpath, conditions) {
  if (table[subpath] !== undefined) return target(table[subpath], conditions)
  for (const [pattern, part] of Object.entries(table)) {
    const [before, after] = pattern.split("*")
    if (after === undefined || !subpath.startsWith(before) || !subpath.endsWith(after)) continue
    const star = subpath.slice(before.length, subpath.length - after.length)
    return target(part, conditions)?.replaceAll("*", star) ?? null
  }
  return null
}

const program = (path, lang) => parseSync(path, readFileSync(path, "utf8"), { lang })

/** The file that an import inside of a package leads to. */
function follow(from, specifier, conditions, endings) {
  if (!specifier.startsWith(".")) {
    const { name, subpath } = split(specifier)
    const found = file(name, subpath, conditions)
    return found ?? (conditions.has("types") ? declarations(name, subpath) : null)
  }
  const path = resolve(dirname(from), specifier)
  return endings(path).find(isFile) ?? null
}

const scriptEndings = (path) => [path, ".mjs", ".js", "/index.mjs", "/index.js"].map((end) => (end === path ? path : path + end))
const typeEndings = (path) => {
  const stem = path.replace(/\.([mc]?)jsx?$/, "")
  const kind = path.match(/\.([mc]?)jsx?$/)?.[1] ?? ""
  return [`${stem}.d.${kind}ts`, `${stem}.d.ts`, `${path}.d.ts`, `${path}.d.mts`, path, join(path, "index.d.ts")]
}

/** The names that a script exports at run time, and whether it is an ES module. */
function runtime(path, seen = new Set()) {
  if (seen.has(path)) return { esm: true, names: new Set() }
  seen.add(path)
  const { module } = program(path, "js")
  if (!module.hasModuleSyntax) return { esm: false, names: new Set(["default", ...Object.keys(require(path))]) }
  const names = new Set()
  for (const entry of module.staticExports.flatMap((statement) => statement.entries)) {
    if (entry.exportName.kind === "Default") names.add("default")
    else if (entry.exportName.name) names.add(entry.exportName.name)
    else if (entry.importName.kind === "AllButDefault") {
      const next = follow(path, entry.moduleRequest.value, CONDITIONS, scriptEndings)
      if (!next) throw new Error(`${path}: ${entry.moduleRequest.value} leads nowhere`)
      for (const name of runtime(next, seen).names) if (name !== "default") names.add(name)
    }
  }
  return { esm: true, names }
}

/** The declarations of a sub-path: the package's own, or those of `@types`. */
function declarations(name, subpath) {
  const conditions = new Set([...CONDITIONS, "types"])
  const own = file(name, subpath, conditions)
  if (own && /\.d\.[mc]?ts$/.test(own) && existsSync(own)) return own
  const types = `@types/${name.replace(/^@/, "").replace("/", "__")}`
  const other = file(types, subpath, conditions)
  if (other && existsSync(other)) return other
  return own ? (typeEndings(own).find((path) => /\.d\.[mc]?ts$/.test(path) && existsSync(path)) ?? null) : null
}

/** The names that declarations export, of types and of values. */
function declared(path, seen = new Set()) {
  const names = new Set()
  if (!path || seen.has(path)) return names
  seen.add(path)
  const body = program(path, "dts").program.body
  const assigned = body.find(({ type }) => type === "TSExportAssignment")?.expression.name
  for (const node of body) {
    if (node.type === "ExportNamedDeclaration") {
      for (const { exported } of node.specifiers) names.add(exported.name ?? exported.value)
      for (const name of bound(node.declaration)) names.add(name)
    } else if (node.type === "ExportDefaultDeclaration") {
      names.add("default")
    } else if (node.type === "ExportAllDeclaration") {
      if (node.exported) names.add(node.exported.name)
      else {
        const next = follow(path, node.source.value, new Set([...CONDITIONS, "types"]), typeEndings)
        for (const name of declared(next, seen)) if (name !== "default") names.add(name)
      }
    } else if (node.type === "TSModuleDeclaration" && node.id.name === assigned && assigned) {
      // Everything in a declared namespace is exported.
      for (const inner of node.body.body) for (const name of bound(inner.declaration ?? inner)) names.add(name)
    }
  }
  return names
}

function bound(node) {
  if (!node) return []
  if (node.type === "VariableDeclaration") return node.declarations.map(({ id }) => id.name).filter(Boolean)
  return node.id?.name ? [node.id.name] : []
}

/** The sub-paths of a package: patterns that stand for a few files are written out. */
function listed(name) {
  const table = subpaths(manifest(name))
  if (!table) return []
  const paths = new Set()
  for (const [subpath, part] of Object.entries(table)) {
    const path = target(part, CONDITIONS) ?? target(part, STYLE_CONDITIONS)
    const files = subpath.includes("*") && path ? spread(name, subpath, path) : []
    if (!subpath.includes("*")) paths.add(subpath)
    else if (files.length > 0 && files.length <= MOST_OF_A_PATTERN) for (const one of files) paths.add(one)
    else if (path || target(part, new Set([...CONDITIONS, "types"]))) paths.add(subpath)
  }
  return [...paths].sort()
}

function spread(name, subpath, path) {
  const [before, after] = path.split("*")
  if (!/\.[mc]?js$/.test(after)) return []
  const folder = join(modules, name, before)
  if (!existsSync(folder)) return []
  const stars = readdirSync(folder).filter((file) => file.endsWith(after)).map((file) => file.slice(0, -after.length))
  return stars.map((star) => subpath.replace("*", star))
}

const sorted = (names) => [...names].sort((a, b) => (a < b ? -1 : a > b ? 1 : 0))

/** The lines of one sub-path. `known` maps files to the sub-path they were written for. */
function entry(name, subpath, withNames, known) {
  const path = file(name, subpath)
  const sheet = file(name, subpath, STYLE_CONDITIONS)
  const script = path && /\.[mc]?js$/.test(path) && isFile(path)
  if (subpath.includes("*")) return [`. ${subpath} file`]
  if (!path && !sheet) return [`. ${subpath} types`]
  if (!script || !withNames) return [`. ${subpath} file`]
  if (known.has(path)) return [`. ${subpath} as ${known.get(path)}`]
  known.set(path, subpath)
  const { esm, names } = runtime(path)
  const types = new Set([...declared(declarations(name, subpath))].filter((type) => !names.has(type)))
  const lines = [`. ${subpath} ${esm ? "esm" : "cjs"}`]
  // lucide has each icon under three names.
  const thrice = [...names].filter((one) => names.has(`${one}Icon`) && names.has(`Lucide${one}`) && one !== "Lucide")
  if (thrice.length > MOST_OF_A_PATTERN) {
    for (const one of thrice) for (const made of [one, `${one}Icon`, `Lucide${one}`]) names.delete(made)
    lines.push(`* ${sorted(thrice).join(" ")}`)
  }
  if (names.size) lines.push(`= ${sorted(names).join(" ")}`)
  if (types.size) lines.push(`: ${sorted(types).join(" ")}`)
  return lines
}

/** All packages that are installed because of this one. Those of one platform are left out. */
function closure(root) {
  const all = new Set([root])
  for (const name of all) {
    for (const next of Object.keys(manifest(name)?.dependencies ?? {})) if (manifest(next)) all.add(next)
  }
  all.delete(root)
  return sorted(all)
}

const { dependencies, devDependencies } = json(join(foundation, "package.json"))
const lines = [
  "// What the packages of the foundation export. Written by `cargo xtask exports`; src/preflight/vendor.rs says how it is read.",
]
for (const name of sorted([...Object.keys(dependencies), ...Object.keys(devDependencies)])) {
  const known = new Map()
  lines.push(`@ ${name} ${manifest(name).version} ${name in dependencies ? "app" : "tool"}`)
  const others = closure(name)
  if (others.length) lines.push(`> ${others.join(" ")}`)
  for (const subpath of listed(name)) lines.push(...entry(name, subpath, name in dependencies, known))
}
// A module that was loaded (react-dom/server) keeps the process alive.
process.stdout.write(`${lines.join("\n")}\n`, () => process.exit())
