// A development build leaves the prebuilt packages (`vendor.mjs`) outside: the page gets an import map that leads to them.
//
// Rolldown links an app against a stand-in of each, which says what the package exports, so that a name it does not
// have is an error with a position, as it is in a production build. What a stand-in imports stays an import.
import { readFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"

/** Where the prebuilt modules are served. */
const ADDRESS = "/assets/overskill-vendor/"
const STAND_IN = "\0overskill:vendor:"

/** What was prebuilt: `modules` by specifier, `files` with what each imports. Read before anything is fenced in. */
const vendor = JSON.parse(readFileSync(join(dirname(fileURLToPath(import.meta.url)), "vendor.json"), "utf8"))

/** Every file that these files load, themselves included. */
const loaded = (files, seen = new Set()) => {
  for (const file of files)
    if (!seen.has(file)) {
      seen.add(file)
      loaded(vendor.files[file], seen)
    }
  return seen
}

/** The plugin, and what it found: the files that must be served beside what is built. `packages` is the toolchain's folder. */
export const externals = (packages) => {
  const found = new Set()
  const specifiers = (chunks) =>
    new Set(chunks.flatMap((chunk) => [...chunk.imports, ...chunk.dynamicImports]).filter((name) => name in vendor.modules))
  const filesOf = (names) => [...loaded([...names].map((name) => vendor.modules[name].file))].sort()
  // Chunks that are loaded with this one.
  const together = (chunk, bundle, seen = new Set()) => {
    if (chunk?.type !== "chunk" || seen.has(chunk)) return seen
    seen.add(chunk)
    for (const name of chunk.imports) together(bundle[name], bundle, seen)
    return seen
  }
  const names = Object.keys(vendor.modules).map((name) => name.replace(/[.+]/g, "\\$&"))
  const plugin = {
    name: "overskill:externals",
    enforce: "pre",
    resolveId: {
      order: "pre",
      filter: { id: new RegExp(`^(?:${names.join("|")})$`) },
      async handler(specifier, importer) {
        if (importer === STAND_IN + specifier) return { id: specifier, external: true }
        // Where an app has a package of its own under that name, that one is meant, and built in.
        const meant = await this.resolve(specifier, importer, { skipSelf: true })
        return meant?.id.startsWith(`${packages}/`) ? { id: STAND_IN + specifier, moduleSideEffects: false } : meant
      },
    },
    load: {
      filter: { id: new RegExp(`^${STAND_IN}`) },
      handler(id) {
        const specifier = id.slice(STAND_IN.length)
        const from = JSON.stringify(specifier)
        const { exports } = vendor.modules[specifier]
        return exports
          ? `export { ${exports.join(", ")} } from ${from}`
          : `import whole from ${from}\nmodule.exports = whole`
      },
    },
    generateBundle(_, bundle) {
      const chunks = Object.values(bundle).filter((part) => part.type === "chunk")
      for (const file of filesOf(specifiers(chunks))) found.add(file)
    },
    transformIndexHtml: {
      order: "post",
      handler(_, { bundle, chunk }) {
        if (!bundle || !chunk) return []
        const chunks = Object.values(bundle).filter((part) => part.type === "chunk")
        const imports = [...specifiers(chunks)].sort().map((name) => [name, ADDRESS + vendor.modules[name].file])
        if (imports.length === 0) return []
        const first = [...together(chunk, bundle)].map((part) => ({ imports: part.imports, dynamicImports: [] }))
        const preloads = filesOf(specifiers(first)).map((file) => ({
          tag: "link",
          attrs: { rel: "modulepreload", crossorigin: true, href: ADDRESS + file },
          injectTo: "head-prepend",
        }))
        const children = JSON.stringify({ imports: Object.fromEntries(imports) })
        return [{ tag: "script", attrs: { type: "importmap" }, children, injectTo: "head-prepend" }, ...preloads]
      },
    },
  }
  return { plugin, files: () => [...found].sort() }
}
