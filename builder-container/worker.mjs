// The build worker: loads Vite, warms it up, takes one job from stdin, says what came of it on stdout, and is gone.
//
// It is trusted, what it builds is not: of an app's own configuration nothing is read. Every message is one line of JSON.
//   in   {"root","out","mode"}                          absolute folders; the sources are in root, artifacts go to out
//   out  {"type":"ready"}
//        {"type":"log","line"}
//        {"type":"result","ok","errors","missing","warnings","types","vite_ms","types_ms"}
import { spawn } from "node:child_process"
import { existsSync, readdirSync, readFileSync, realpathSync, statSync } from "node:fs"
import { createRequire, registerHooks, SourceMap } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

// Whatever a package prints must not look like a message.
const write = process.stdout.write.bind(process.stdout)
process.stdout.write = process.stderr.write.bind(process.stderr)
const say = (message) => new Promise((done) => write(`${JSON.stringify(message)}\n`, done))

const own = dirname(fileURLToPath(import.meta.url))
const packages = `${pathToFileURL(realpathSync(join(own, "..", "node_modules"))).href}/`

// Tailwind runs a `@plugin` or `@config` of a style sheet by import(), then through jiti. The supervisor refuses these
// before the build, with a position; this is for a style sheet that it did not take for one.
const refusal = "Tailwind plugins and configuration files are not run"
registerHooks({
  resolve: (specifier, context, next) => {
    if (specifier === "jiti") return { url: "overskill:jiti", format: "module", shortCircuit: true }
    const found = next(specifier, context)
    const known = !found.url.startsWith("file:") || found.url.startsWith(packages) || found.url === import.meta.url
    if (!known) throw new Error(refusal)
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

const { build, createLogger, parseSync } = await import("vite")
const { default: react } = await import("@vitejs/plugin-react")
const { default: tailwind } = await import("@tailwindcss/vite")
const configuration = (root, out, mode, plugins, warn) => ({
  root,
  mode,
  base: "/",
  configFile: false,
  envDir: false,
  publicDir: existsSync(join(root, "public")) && "public",
  logLevel: "silent",
  customLogger: { ...createLogger("silent"), warn, warnOnce: warn, error: () => {} },
  plugins: [...plugins, react(), tailwind()],
  resolve: { alias: [{ find: /^@\//, replacement: `${root}/src/` }] },
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
    rolldownOptions: { experimental: { lazyBarrel: true, attachDebugInfo: "none" } },
  },
})

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
        if (found) {
          modules.add(found.id)
          return found
        }
        missing.push({ specifier, importer })
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
  const settings = configuration(root, null, mode, [collect, remember], () => {})
  settings.build.sourcemap = true
  let errors = []
  try {
    await build(settings)
  } catch (error) {
    errors = list(error)
  }
  const isScript = (file) => file.startsWith(`${root}/`) && /\.[cm]?[jt]sx?$/.test(file)
  let unparsed = [...modules].filter(isScript).flatMap(parse)
  // What a file imports that does not parse is not known: it may be any other.
  if (unparsed.length > 0 && existsSync(join(root, "src")))
    unparsed = readdirSync(join(root, "src"), { recursive: true })
      .map((name) => join(root, "src", name))
      .filter((file) => isScript(file) && statSync(file).isFile())
      .flatMap(parse)
  if (unparsed.length > 0) errors = errors.filter((error) => !isSyntax(error))
  return { missing, errors: [...unparsed, ...errors.map((error) => plain(error, maps))] }
}

const isSyntax = (error) => error?.code === "PARSE_ERROR" || String(error?.message).includes("builtin:vite-transform")

const parse = (file) => {
  const source = readFileSync(file, "utf8")
  return parseSync(file, source, { showSemanticErrors: true }).errors.map(({ message, labels }) => {
    const before = source.slice(0, Math.max(0, ...labels.map((label) => label.start))).split("\n")
    return { code: "PARSE_ERROR", message, file, line: before.length, column: before.at(-1).length + 1 }
  })
}

const list = (error) => (Array.isArray(error?.errors) && error.errors.length > 0 ? error.errors : [error])

const plain = (error, maps) => {
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
    message: String(error?.message ?? error).slice(0, 8_000),
    file: error?.id ?? error?.loc?.file ?? null,
    exporter: error?.exporter ?? null,
    line: line ?? null,
    column: Number.isInteger(column) ? column + 1 : null,
  }
}

const checkTypes = (root) =>
  new Promise((done) => {
    const started = performance.now()
    const main = createRequire(import.meta.url).resolve("typescript/package.json")
    const arguments_ = [join(dirname(main), "bin", "tsc"), "--noEmit", "--pretty", "false", "--project", root]
    const child = spawn(process.execPath, arguments_, { cwd: root, stdio: ["ignore", "pipe", "ignore"] })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (text) => {
      if (output.length < 200_000) output += text
    })
    child.on("error", (error) => done({ output: null, failure: String(error), ms: 0 }))
    child.on("close", (code) => {
      // 0: no errors; 1 and 2: errors, listed.
      const failure = code === 0 || code === 1 || code === 2 ? null : `tsc ended with ${code}`
      done({ output, failure, ms: Math.round(performance.now() - started) })
    })
  })

const run = async ({ root, out, mode }) => {
  process.chdir(root)
  const types = mode === "production" ? checkTypes(root) : null
  const warnings = []
  const warn = (message) => {
    if (warnings.length < 50) warnings.push(String(message).slice(0, 4_000))
  }
  const started = performance.now()
  const result = { type: "result", ok: true, errors: [], missing: [] }
  try {
    await build(configuration(root, out, mode, [], warn))
  } catch (first) {
    result.ok = false
    Object.assign(result, await diagnose(root, mode))
    // Nothing found the second time: the first failure is all there is to say.
    if (result.errors.length === 0 && result.missing.length === 0)
      result.errors = list(first).map((error) => plain(error, new Map()))
  }
  result.vite_ms = Math.round(performance.now() - started)
  const checked = await types
  Object.assign(result, { warnings, types: checked?.output ?? null, types_ms: checked?.ms ?? null })
  if (checked?.failure) warnings.push(`The type check did not run: ${checked.failure}`)
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

await build(configuration(join(own, "warm"), null, "development", [], () => {}))
await say({ type: "ready" })
await run(await job)
process.exit(0)
