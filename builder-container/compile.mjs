// Vite, Rolldown and Tailwind, configured: builds once, and after a failure once more to tell all of it.
//
// Of an app's own configuration nothing is read but where its aliases lead, which the supervisor has put into the
// `tsconfig.json` that it wrote. What is reported is bounded: a source can hold more mistakes than
// anyone reads, and the report about them must still be one message.
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs"
import { SourceMap } from "node:module"
import { basename, dirname, extname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import tailwind from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { build, createLogger, parseSync } from "vite"
import { externals } from "./externals.mjs"
import { guard, isInside, leadsOut, named, outside, refusals } from "./fence.mjs"

/** Mistakes of one kind that are reported. */
const MOST = 200
/** Characters of one of them. */
const LONGEST = 2_000

/** What nearly every app has nearly alike: in a chunk of its own, a change of the app leaves it in the browser's cache. */
const REACT = { name: "react", test: /\/node_modules\/(?:react|react-dom|scheduler|react-router|cookie|set-cookie-parser)\// }

const packages = realpathSync(join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules"))

const configuration = (root, out, mode, plugins, warn) => ({
  root,
  mode,
  base: "/",
  configFile: false,
  envDir: false,
  publicDir: existsSync(join(root, "public")) && "public",
  logLevel: "silent",
  customLogger: { ...createLogger("silent"), warn, warnOnce: warn, error: () => {} },
  plugins: [...plugins, guard(packages), react(), tailwind()],
  worker: { plugins: () => [guard(packages)] },
  resolve: { alias: aliases(root) },
  css: { postcss: { plugins: [] } },
  // React's own development build is slower to build and writes the folder's name into its output.
  define: mode === "development" ? { "import.meta.env.DEV": "true", "import.meta.env.PROD": "false" } : {},
  build: {
    outDir: out ?? "dist",
    emptyOutDir: false,
    write: out !== null,
    minify: mode === "production" ? undefined : false,
    cssMinify: mode === "production" ? undefined : false,
    reportCompressedSize: false,
    chunkSizeWarningLimit: 100_000,
    modulePreload: { polyfill: false },
    // Of a production build only the render check reads them: the supervisor publishes none.
    sourcemap: mode === "development" ? true : "hidden",
    license: mode === "production" && { fileName: "assets/licences.md" },
    rolldownOptions: {
      experimental: { lazyBarrel: true, attachDebugInfo: "none" },
      output: {
        sourcemapPathTransform: (source, map) => pathInMap(resolve(dirname(map), source), root),
        // Vite leaves out whose code it is when it writes a list of licences.
        ...(mode === "production" && {
          comments: { legal: true, annotation: false, jsdoc: false },
          codeSplitting: { groups: [REACT] },
        }),
      },
    },
  },
})

/** A source's name in a map: its path in the project, or from `node_modules` on; no folder of this machine. */
const pathInMap = (file, root) => {
  if (file.startsWith(`${root}/`)) return file.slice(root.length + 1)
  const inside = file.lastIndexOf("/node_modules/")
  return inside >= 0 ? file.slice(inside + 1) : basename(file)
}

/** `paths` of TypeScript as aliases of Vite, for every kind of file: longer ones first, each to its first folder or file that is there. */
const aliases = (root) => {
  const { paths } = JSON.parse(readFileSync(join(root, "tsconfig.json"), "utf8")).compilerOptions
  const there = (target) => [dirname(target.split("*")[0] + "x"), target].some((path) => existsSync(join(root, path)))
  return Object.entries(paths)
    .sort(([one], [other]) => other.length - one.length)
    .map(([pattern, targets]) => {
      const target = targets.find(there) ?? targets[0]
      return {
        find: new RegExp(`^${pattern.replace(/[\\^$.+?()[\]{}|]/g, "\\$&").replace("*", "(.*)")}$`),
        replacement: `${root}/${target.replace(/^\.\//, "").replaceAll("$", "$$$$").replace("*", () => "$1")}`,
      }
    })
}

/** What of the packages a build of this kind does not build in. */
const leftOutside = (mode) => {
  if (mode !== "development") return { plugins: [], files: () => [] }
  const { plugin, files } = externals(packages)
  return { plugins: [plugin], files }
}

/** Loads and compiles what a first build needs, so that it is not the one that waits for it. */
export const warmUp = (root) => build(configuration(root, null, "development", leftOutside("development").plugins, () => {}))

/** Builds. What it found is bounded: errors, imports that lead nowhere, warnings. */
export const compile = async (root, out, mode) => {
  const warnings = []
  const warn = (message) => {
    if (warnings.length < 50) warnings.push(clip(message))
  }
  const result = { ok: true, errors: [], missing: [], warnings, vendor: [] }
  try {
    const prebuilt = leftOutside(mode)
    await build(configuration(root, out, mode, prebuilt.plugins, warn))
    result.vendor = prebuilt.files()
    // Vite takes an asset that cannot be read for one that is not there, warns, and goes on.
    result.errors = [...refusals].slice(0, MOST).map((target) => blame(target, null, root))
    result.ok = result.errors.length === 0
    if (!result.ok) result.warnings = []
  } catch (first) {
    result.ok = false
    Object.assign(result, await diagnose(root, mode))
    // Nothing found the second time: the first failure is all there is to say.
    if (result.errors.length === 0 && result.missing.length === 0)
      result.errors = list(first).slice(0, MOST).map((error) => plain(error, new Map(), root))
  }
  return result
}

// After a failure: builds again, slower, and tells all of it. The first build stops at the first import that leads
// nowhere, may stop at the first file that does not parse, and gives positions in transformed code.
const diagnose = async (root, mode) => {
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
  const settings = configuration(root, null, mode, [collect, ...leftOutside(mode).plugins, remember], () => {})
  settings.build.sourcemap = true
  let errors = []
  try {
    await build(settings)
  } catch (error) {
    errors = list(error)
  }
  const isScript = (file) => file.startsWith(`${root}/`) && /\.[cm]?[jt]sx?$/.test(file) && statSync(file).isFile()
  const parseAll = (files) => {
    const found = []
    for (const file of files.filter(isScript)) if (found.length < MOST) found.push(...parse(file))
    return found.slice(0, MOST)
  }
  let unparsed = parseAll([...modules])
  // What a file imports that does not parse is not known: it may be any other.
  if (unparsed.length > 0 && existsSync(join(root, "src")))
    unparsed = parseAll(readdirSync(join(root, "src"), { recursive: true }).map((name) => join(root, "src", name)))
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

const list = (error) => (Array.isArray(error?.errors) && error.errors.length > 0 ? error.errors : [error])

const clip = (text) => String(text).slice(0, LONGEST)

// Which file named what the fence refused, and where. All sources are looked through: the style sheet or page that is
// built may have imported the one that did it.
const blame = (target, file, root) => {
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

const plain = (error, maps, root) => {
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
