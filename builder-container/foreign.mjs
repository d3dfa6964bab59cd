// What an app's own `vite.config` and `postcss.config` say, read as data and never run: aliases, constants and the public
// folder are taken over; plugins that do the same as ours are understood; the rest is named, with its line.
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { HOME, holdsUnread, isObject, places, readPlain, Unread } from "./plain.mjs"

const ENDINGS = ["ts", "js", "mts", "mjs", "cts", "cjs"]
/** Notes of one app. */
const MOST_NOTES = 40

/** The first of a configuration's files that is there: `[name, source]`. */
export const configurationFile = (root, names) => {
  const name = names.find((name) => statSync(join(root, name), { throwIfNoEntry: false })?.isFile())
  return name ? [name, readFileSync(join(root, name), "utf8")] : []
}

/** What is told about a configuration file: `note(start, message, more)`. */
export const notebook = (name, source, notes) => (start, code, message, more = {}) => {
  if (notes.length >= MOST_NOTES) return
  const before = source.slice(0, start ?? 0)
  const line = before.split("\n").length
  const column = [...before.slice(before.lastIndexOf("\n") + 1)].length + 1
  notes.push({ code, message, suggestion: null, path: name, line, column, ...more })
}

/** Plugins that the builder has itself, or whose absence nobody sees in what is built. */
const UNDERSTOOD = [
  "@vitejs/plugin-react",
  "@vitejs/plugin-react-swc",
  "@tailwindcss/vite",
  "vite-tsconfig-paths",
  "lovable-tagger",
  "vite-plugin-checker",
  "vite-plugin-eslint",
  "vite-plugin-inspect",
  "vite-plugin-mkcert",
  "@vitejs/plugin-basic-ssl",
  "vite-plugin-compression",
  "vite-plugin-compression2",
  "rollup-plugin-visualizer",
  "vite-bundle-visualizer",
  "@replit/vite-plugin-cartographer",
  "@replit/vite-plugin-runtime-error-modal",
  "@replit/vite-plugin-dev-banner",
  "@replit/vite-plugin-shadcn-theme-json",
]

/** What is missing without a plugin that is not run. */
const MISSED = {
  "vite-plugin-svgr": "an `.svg` that is imported as a component (`?react`) is none",
  "@svgr/rollup": "an `.svg` that is imported as a component is none",
  "vite-plugin-pwa": "there is no service worker and no `virtual:pwa-register`",
  "@vitejs/plugin-vue": "`.vue` files are not compiled",
  "@vitejs/plugin-vue-jsx": "the JSX of Vue is not compiled",
  "@sveltejs/vite-plugin-svelte": "`.svelte` files are not compiled",
  "@sveltejs/kit": "SvelteKit's pages are not compiled",
  "vite-plugin-solid": "JSX becomes React's and not Solid's",
  "@preact/preset-vite": "JSX becomes React's and not Preact's",
  "@mdx-js/rollup": "`.mdx` files are not compiled",
  "unplugin-auto-import": "names that nothing imports are not defined",
  "unplugin-icons": "there are no modules `~icons/…`",
  "unplugin-vue-components": "components that nothing imports are not found",
  "vite-plugin-node-polyfills": "modules of Node do not exist",
  "vite-plugin-wasm": "a `.wasm` cannot be imported as a module; `?url` and `?init` work",
  "vite-plugin-glsl": "shaders are imported with `?raw` only",
  "vite-imagetools": "images are not resized by their imports",
  "vite-plugin-html": "`index.html` is taken as it is",
  "@vitejs/plugin-legacy": "old browsers get no code of their own",
  "@tanstack/router-plugin": "its tree of routes is not generated: keep `routeTree.gen.ts` in the project",
  "@tanstack/router-vite-plugin": "its tree of routes is not generated: keep `routeTree.gen.ts` in the project",
  "@react-router/dev": "the framework mode of React Router is not built",
  "@remix-run/dev": "Remix is not built",
}

/** Settings that change nothing of what is built, or that the builder decides. */
const IGNORED = ["server", "preview", "optimizeDeps", "test", "logLevel", "clearScreen", "cacheDir", "esbuild", "oxc", "envPrefix", "envDir", "appType", "mode", "customLogger", "json", "ssr", "worker", "css", "experimental", "plugins", "resolve", "define", "publicDir", "base", "root", "build", "html", "assetsInclude"]

/** What an app's own settings come to: `{ alias, define, publicDir, assetsInclude, notes }`. */
export const readSettings = (root) => {
  const notes = []
  const settings = { alias: [], define: {}, publicDir: null, assetsInclude: [], notes }
  const [name, source] = configurationFile(root, ENDINGS.map((ending) => `vite.config.${ending}`))
  if (name) vite(name, source, settings, root)
  postcss(root, notes)
  return settings
}

const vite = (name, source, settings, root) => {
  const note = notebook(name, source, settings.notes)
  const { value, error } = readPlain(name, source)
  if (error) return note(error.labels?.[0]?.start, "build_settings", `This file does not parse: ${error.message}`)
  if (!isObject(value)) return note(0, "build_settings", "What this file exports cannot be read without running it, which the builder does not do.", { suggestion: "Export an object, or `defineConfig` with one." })
  const at = (object, key) => places.get(object)?.[key]
  for (const plugin of [value.plugins].flat(3)) tell(plugin, note)
  const { resolve, define, publicDir, base, root: folder, build, css, worker } = value
  if (isObject(resolve)) aliases(resolve, settings, note, at)
  else if (resolve) note(at(value, "resolve"), "build_settings", "`resolve` cannot be read without running this file.")
  if (isObject(define)) constants(define, settings, note, at)
  if (typeof publicDir === "string") settings.publicDir = inside(publicDir)
  if (publicDir === false) settings.publicDir = false
  if (typeof base === "string" && base !== "/") note(at(value, "base"), "build_settings", `\`base\` is not used: an app is served from the root of its own address, not from \`${clip(base)}\`.`)
  if (folder !== undefined && inside(folder) !== "" && folder !== ".")
    note(at(value, "root"), "build_settings", "`root` is not used: the folder of `index.html` is what is built.")
  const styles = isObject(css) ? css.preprocessorOptions : null
  if (styles) note(at(css, "preprocessorOptions"), "build_settings", "`preprocessorOptions` are not used: style sheets are plain CSS.")
  if (isObject(worker) && worker.plugins) note(at(worker, "plugins"), "build_settings", "Plugins for workers are not run.")
  const input = [build?.rollupOptions?.input, build?.rolldownOptions?.input].find((input) => input !== undefined)
  if (input !== undefined) pages(input, note, at(build, "rollupOptions") ?? at(build, "rolldownOptions"))
  if (build?.lib) note(at(build, "lib"), "build_settings", "`build.lib` is not used: an app is built, not a library.")
  settings.assetsInclude = [value.assetsInclude].flat().filter((pattern) => typeof pattern === "string")
  for (const key of Object.keys(value))
    if (!IGNORED.includes(key)) note(at(value, key) ?? value[key]?.start, "build_settings", key.startsWith("...") ? "Settings that are spread here cannot be read without running this file." : `\`${clip(key)}\` is not used.`)
}

const clip = (text) => String(text).slice(0, 200)

/** The path in the project that a setting means; `null` when it leads out. */
const inside = (path) => {
  if (typeof path !== "string") return null
  if (path === HOME) return ""
  if (path.startsWith(`${HOME}/`)) return path.slice(HOME.length + 1)
  const plain = path.replace(/^\.?\//, "").replace(/\/$/, "")
  return path.startsWith(HOME.slice(0, 11)) || plain.split("/").includes("..") ? null : plain
}

const tell = (plugin, note) => {
  if (!plugin || plugin === true) return
  if (!(plugin instanceof Unread)) {
    if (isObject(plugin)) note(places.get(plugin)?.name, "build_plugin", "A plugin that is written here is not run.")
    return
  }
  const from = plugin.from ?? null
  if (from && UNDERSTOOD.includes(from)) return react(from, plugin, note)
  const missed = MISSED[from ? packageOf(from) : ""]
  if (from && !from.startsWith(".")) {
    const message = `The plugin \`${clip(packageOf(from))}\` is not run${missed ? `: ${missed}` : ""}.`
    note(plugin.start, "build_plugin", message, { suggestion: "The builder has its own plugins for React and Tailwind, and no others." })
  } else note(plugin.start, "build_plugin", "A plugin of the project's own is not run: no code of an app is.")
}

const packageOf = (from) => from.split("/").slice(0, from.startsWith("@") ? 2 : 1).join("/")

/** Of React's plugin, what changes the code: another runtime, and plugins of Babel. */
const react = (from, plugin, note) => {
  const [options] = plugin.given ?? []
  if (!from.startsWith("@vitejs/plugin-react") || !isObject(options)) return
  for (const key of ["jsxImportSource", "babel", "plugins"])
    if (options[key] !== undefined && options[key] !== "react")
      note(places.get(options)?.[key] ?? plugin.start, "build_plugin", `\`${key}\` of React's plugin is not used.`)
}

const aliases = (resolve, settings, note, at) => {
  const { alias } = resolve
  const list = isObject(alias)
    ? Object.entries(alias).map(([find, replacement]) => ({ find, replacement, start: at(alias, find) }))
    : [alias].flat().map((entry) => (isObject(entry) ? { ...entry, start: at(entry, "find") } : { replacement: entry, start: entry?.start }))
  for (const { find, replacement, start } of alias ? list : []) {
    const name = find instanceof RegExp ? find.source : find
    if (replacement instanceof Unread || (typeof find !== "string" && !(find instanceof RegExp)) || typeof replacement !== "string") {
      note(start ?? replacement?.start, "build_settings", `Where ${typeof name === "string" ? `the alias \`${clip(name)}\`` : "this alias"} leads cannot be read without running this file.`)
      continue
    }
    const absolute = replacement.startsWith("/overskill/")
    const rooted = replacement.startsWith("/") && !absolute
    const target = absolute || rooted || replacement.startsWith(".") ? inside(replacement) : null
    if (target === null && (absolute || replacement.startsWith(".."))) {
      note(start, "build_settings", `The alias \`${clip(name)}\` leads out of the project.`)
      continue
    }
    settings.alias.push({ find, target, replacement })
  }
}

const constants = (define, settings, note, at) => {
  for (const [name, value] of Object.entries(define)) {
    if (holdsUnread(value)) note(at(define, name) ?? value.start, "build_settings", `The constant \`${clip(name)}\` cannot be read without running this file: it is not defined.`)
    else if (value !== undefined) settings.define[name] = value
  }
}

const pages = (input, note, start) => {
  const all = isObject(input) ? Object.values(input) : [input].flat()
  const others = all.filter((page) => inside(page) !== "index.html")
  if (others.length > 0) note(start, "build_settings", "Only `index.html` is built: the other pages of `input` are not.")
}

const postcss = (root, notes) => {
  const names = ["postcss.config", ".postcssrc"].flatMap((stem) => ENDINGS.map((ending) => `${stem}.${ending}`))
  const [name, source] = configurationFile(root, [...names, ".postcssrc.json", ".postcssrc"])
  if (!name || /rc(\.json)?$/.test(name)) return
  const note = notebook(name, source, notes)
  const { value } = readPlain(name, source)
  const plugins = isObject(value) ? value.plugins : undefined
  const named = isObject(plugins)
    ? Object.keys(plugins).map((from) => ({ from, start: places.get(plugins)?.[from] }))
    : [plugins].flat().filter((plugin) => plugin instanceof Unread)
  const known = ["tailwindcss", "@tailwindcss/postcss", "autoprefixer", "postcss-import", "postcss-nested", "postcss-nesting", "tailwindcss/nesting", "cssnano"]
  for (const { from, start } of named)
    if (!known.includes(from)) note(start, "build_plugin", `The PostCSS plugin \`${clip(from ?? "?")}\` is not run.`, { suggestion: "Write the styles so that they need Tailwind and plain CSS alone." })
}

/** The configuration of Vite with what an app's own settings add. */
export const adapt = (configuration, root, settings, styles) => {
  const { alias, define, publicDir, assetsInclude } = settings
  const others = alias.map(({ find, target, replacement }) => ({ find, replacement: target === null ? replacement : join(root, target) }))
  configuration.resolve.alias = [...others, ...configuration.resolve.alias]
  configuration.define = { ...define, ...configuration.define }
  if (publicDir !== null) configuration.publicDir = publicDir !== false && existsSync(join(root, publicDir)) && publicDir
  if (assetsInclude.length > 0) configuration.assetsInclude = assetsInclude
  if (styles) {
    configuration.css.postcss = { plugins: styles }
    configuration.plugins = configuration.plugins.flat(Infinity).filter((plugin) => !plugin?.name?.startsWith("@tailwindcss/vite"))
  }
  return configuration
}

/** Has TypeScript know the aliases of Vite that lead into the project; they are Vite's by the way of `paths` as well. */
export const spreadAliases = (root, settings) => {
  const isPath = ({ find, target }) => typeof find === "string" && target !== null && !/[*]/.test(find + target)
  const known = settings.alias.filter(isPath)
  if (known.length === 0) return
  const file = join(root, "tsconfig.json")
  const all = JSON.parse(readFileSync(file, "utf8"))
  for (const { find, target } of known) {
    const name = find.replace(/\/$/, "")
    const folder = target === "" ? "." : `./${target.replace(/\/$/, "")}`
    if (name !== find || !/\.\w+$/.test(target)) all.compilerOptions.paths[`${name}/*`] = [`${folder}/*`]
    if (name === find && name !== "") all.compilerOptions.paths[name] = [folder]
  }
  writeFileSync(file, JSON.stringify(all))
  settings.alias = settings.alias.filter((alias) => !isPath(alias))
}
