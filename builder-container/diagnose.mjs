// What is wrong with an app that does not build: all of it, with positions in the sources.
//
// What is reported is bounded: a source can hold more mistakes than anyone reads, and the report about them must
// still be one message.
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs"
import { SourceMap } from "node:module"
import { extname, join } from "node:path"
import { build, parseSync } from "vite"
import { isInside, leadsOut, named, outside } from "./fence.mjs"

/** Mistakes of one kind that are reported. */
export const MOST = 200
/** Characters of one of them. */
const LONGEST = 2_000

/** The folders with an app's scripts. */
const FOLDERS = ["src", "functions"]

const everything = (root) =>
  FOLDERS.map((folder) => join(root, folder))
    .filter((folder) => existsSync(folder))
    .flatMap((folder) => readdirSync(folder, { recursive: true }).map((name) => join(folder, name)))

/** The scripts that do not parse, and all names that the others import from anywhere. */
export const unparsable = (root) => {
  const files = []
  const names = new Set()
  for (const file of everything(root)) {
    if (!isScript(file, root)) continue
    const { errors, module } = parseSync(file, readFileSync(file, "utf8"))
    if (errors.length > 0) files.push(file)
    const entries = [...module.staticImports, ...module.staticExports].flatMap((statement) => statement.entries)
    for (const { importName } of entries) if (importName?.name) names.add(importName.name)
  }
  return { files, names }
}

const isScript = (file, root) => file.startsWith(`${root}/`) && /\.[cm]?[jt]sx?$/.test(file) && statSync(file).isFile()

// After a failure: builds again, slower, and tells all of it. The first build stops at the first import that leads
// nowhere, may stop at the first file that does not parse, and gives positions in transformed code.
export const diagnose = async (root, configure) => {
  const missing = []
  const modules = new Set()
  const maps = new Map()
  const mark = "\0overskill:missing:"
  const collect = {
    name: "overskill:collect",
    enforce: "pre",
    resolveId: {
      order: "pre",
      async handler(specifier, importer) {
        if (specifier.startsWith("\0") || !importer) return null
        // A package that does not export the path throws.
        const found = await this.resolve(specifier, importer, { skipSelf: true }).catch(() => null)
        if (found && (found.external || isInside(found.id))) {
          modules.add(found.id)
          return found
        }
        if (missing.length < MOST)
          missing.push({ specifier: clip(specifier), importer, outside: leadsOut(specifier, importer, root) })
        return mark + missing.length
      },
    },
    load: { filter: { id: /^\0overskill:missing:/ }, handler: () => ({ code: "module.exports = {}" }) },
  }
  const remember = {
    name: "overskill:remember",
    enforce: "post",
    transform: {
      order: "post",
      handler(_, id) {
        if (id.startsWith(`${root}/`)) maps.set(id, this.getCombinedSourcemap())
      },
    },
  }
  const settings = configure(collect, remember)
  settings.build.sourcemap = true
  let errors = []
  try {
    await build(settings)
  } catch (error) {
    errors = list(error)
  }
  const parseAll = (files) => {
    const found = []
    for (const file of files.filter((file) => isScript(file, root))) if (found.length < MOST) found.push(...parse(file))
    return found.slice(0, MOST)
  }
  let unparsed = parseAll([...modules])
  // What a file imports that does not parse is not known: it may be any other.
  if (unparsed.length > 0) unparsed = parseAll(everything(root))
  if (unparsed.length > 0) errors = errors.filter((error) => !isSyntax(error))
  const rest = errors.slice(0, MOST - unparsed.length).map((error) => plain(error, maps, root))
  return { missing, errors: [...unparsed, ...rest] }
}

const isSyntax = (error) => error?.code === "PARSE_ERROR" || String(error?.message).includes("builtin:vite-transform")

const parse = (file) => {
  const source = readFileSync(file, "utf8")
  const errors = parseSync(file, source, { showSemanticErrors: true }).errors.slice(0, MOST)
  if (errors.length === 0) return []
  const positions = positionsIn(source)
  return errors.map(({ message, labels }) => {
    const offset = Math.max(0, ...labels.slice(0, 10).map((label) => label.start))
    return { code: "PARSE_ERROR", message: clip(message), file, ...positions(offset) }
  })
}

// Line and column, from 1, of offsets into one source: it is looked through for its lines once.
const positionsIn = (source) => {
  const starts = [0]
  for (let end = source.indexOf("\n"); end >= 0; end = source.indexOf("\n", end + 1)) starts.push(end + 1)
  return (offset) => {
    let [low, high] = [0, starts.length]
    while (high - low > 1) {
      const middle = (low + high) >> 1
      if (starts[middle] <= offset) low = middle
      else high = middle
    }
    return { line: low + 1, column: offset - starts[low] + 1 }
  }
}

export const list = (error) => (Array.isArray(error?.errors) && error.errors.length > 0 ? error.errors : [error])

export const clip = (text) => String(text).slice(0, LONGEST)

// Which file named what the fence refused, and where. All sources are looked through: the style sheet or page that is
// built may have imported the one that did it.
export const blame = (target, file, root) => {
  const importer = file?.replace(/[?#].*$/s, "") ?? null
  const texts = new Set([".css", ".html", ".js", ".jsx", ".ts", ".tsx"])
  const others = readdirSync(root, { recursive: true }).filter((name) => texts.has(extname(name)))
  const candidates = [importer, ...others.map((name) => join(root, name))]
  for (const candidate of candidates) {
    if (!candidate?.startsWith(`${root}/`) || !statSync(candidate, { throwIfNoEntry: false })?.isFile()) continue
    const source = readFileSync(candidate, "utf8")
    const found = named(source, candidate, target, root)
    if (found) return { code: "OUTSIDE", message: clip(found.name), file: candidate, ...positionsIn(source)(found.offset) }
  }
  return { code: "OUTSIDE", message: "", file: importer }
}

export const plain = (error, maps, root) => {
  const target = outside(error)
  if (target) return blame(target, error?.id ?? null, root)
  let { line, column } = error?.loc ?? {}
  const map = error?.id && maps.get(error.id)
  // Plugins report positions in what they were given, which is the source; Rolldown itself in what became of it.
  if (map && line && !error.plugin) {
    const entry = new SourceMap(map).findEntry(line - 1, column ?? 0)
    if (entry.originalLine !== undefined) ({ line, column } = { line: entry.originalLine + 1, column: entry.originalColumn })
  }
  return {
    code: error?.code ?? null,
    plugin: error?.plugin ?? null,
    message: clip(error?.message ?? error),
    file: error?.id ?? error?.loc?.file ?? null,
    exporter: error?.exporter ?? null,
    line: line ?? null,
    column: Number.isInteger(column) ? column + 1 : null,
  }
}
