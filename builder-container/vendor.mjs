// Prebuilds the packages that most apps share, as ES modules that a browser loads by themselves: `node vendor.mjs OUT`.
//
// OUT gets the modules, `<name>-<hash of the content>.js`, and `vendor.json`: which module stands for which name, what it
// exports, and what each module imports. Nothing in them depends on where they were built.
//
// React is its development build: it says in words what an app does wrong. Names are shortened all the same: half of the
// bytes, and nobody reads these files.
import { readFileSync, readdirSync, realpathSync, writeFileSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath } from "node:url"
import { build } from "vite"

/** The packages, and what of them is imported by name. Icons are not among them: an app uses few of very many. */
const PACKAGES = {
  react: [".", "./jsx-runtime", "./jsx-dev-runtime"],
  "react-dom": [".", "./client"],
  "react-router": [".", "./dom"],
  "radix-ui": [".", "./*"],
  sonner: ["."],
  clsx: ["."],
  "tailwind-merge": ["."],
  "class-variance-authority": ["."],
  "@supabase/supabase-js": ["."],
}

/** The packages that are CommonJS: what such a module exports is one value, whose names nobody knows before it runs. */
const COMMON = ["react", "react-dom"]

const ENTRY = "\0overskill:entry:"

const folder = realpathSync(join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules"))

const packageFile = (name) => {
  try {
    return JSON.parse(readFileSync(join(folder, name, "package.json"), "utf8"))
  } catch {
    return null
  }
}

const installed = Object.keys(PACKAGES).filter((name) => packageFile(name))

/** The names to prebuild. */
const specifiers = () => {
  const all = (name) => {
    const files = readdirSync(join(folder, name, "dist")).filter((file) => file.endsWith(".mjs") && file !== "index.mjs")
    return files.map((file) => `./${file.slice(0, -".mjs".length)}`)
  }
  const found = installed.flatMap((name) =>
    PACKAGES[name]
      .flatMap((subpath) => (subpath === "./*" ? all(name) : [subpath]))
      .map((subpath) => name + subpath.slice(1)),
  )
  // What Radix is made of can be imported by itself, and must not be there twice.
  const parts = Object.keys(packageFile("radix-ui")?.dependencies ?? {})
  return [...found, ...parts.filter((name) => name.startsWith("@radix-ui/react-"))]
}

/** Every package that comes with this one, itself included. */
const closure = (name, seen = new Set()) => {
  const found = packageFile(name)
  if (!found || seen.has(name)) return seen
  seen.add(name)
  for (const other of Object.keys({ ...found.dependencies, ...found.peerDependencies })) closure(other, seen)
  return seen
}

const packageOf = (id) => /.*\/node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(id)?.[1]

// For each package of which several modules are imported, one chunk of all that only it brings: an app loads few files. A
// group takes what its modules import along, unless that is in one of a higher priority: who brings least comes first.
const groups = () => {
  const several = installed.filter((name) => PACKAGES[name].length > 1 && name !== "react")
  const rest = installed.filter((name) => !several.includes(name) && name !== "react")
  several.sort((one, other) => closure(one).size - closure(other).size)
  const taken = new Set(rest.flatMap((name) => [...closure(name)]))
  for (const name of closure("react-dom")) taken.delete(name)
  return several.map((name, index) => {
    const own = new Set([...closure(name)].filter((part) => !taken.has(part)))
    for (const part of own) taken.add(part)
    return { name: `${name}-shared`, test: (id) => own.has(packageOf(id)), priority: several.length - index }
  })
}

const entries = {
  name: "overskill:entries",
  resolveId: (id) => (id.startsWith(ENTRY) ? id : null),
  async load(id) {
    if (!id.startsWith(ENTRY)) return null
    const specifier = id.slice(ENTRY.length)
    const from = JSON.stringify(specifier)
    if (COMMON.includes(specifier.split("/")[0])) return `module.exports = require(${from})`
    const { exports } = await this.load(await this.resolve(specifier, join(folder, "..", "index.js")))
    return `export * from ${from}${exports?.includes("default") ? `\nexport { default } from ${from}` : ""}`
  },
}

const prebuild = () =>
  build({
    root: join(folder, ".."),
    configFile: false,
    envDir: false,
    publicDir: false,
    logLevel: "silent",
    plugins: [entries],
    build: {
      write: false,
      minify: false,
      modulePreload: false,
      rolldownOptions: {
        experimental: { attachDebugInfo: "none" },
        input: Object.fromEntries(
          specifiers().map((name) => [name.replace("@", "").replaceAll("/", "-"), ENTRY + name]),
        ),
        preserveEntrySignatures: "strict",
        output: {
          format: "es",
          minify: true,
          entryFileNames: "[name]-[hash].js",
          chunkFileNames: "[name]-[hash].js",
          codeSplitting: { groups: groups() },
        },
      },
    },
  })

process.env.NODE_ENV = "development"
const out = process.argv[2]
const { output } = await prebuild()
const modules = {}
const files = {}
for (const chunk of output) {
  writeFileSync(join(out, chunk.fileName), chunk.code)
  files[chunk.fileName] = chunk.imports
  if (!chunk.facadeModuleId?.startsWith(ENTRY)) continue
  const specifier = chunk.facadeModuleId.slice(ENTRY.length)
  const exports = COMMON.includes(specifier.split("/")[0]) ? null : chunk.exports
  modules[specifier] = { file: chunk.fileName, exports }
}
writeFileSync(join(out, "vendor.json"), JSON.stringify({ modules, files }))
