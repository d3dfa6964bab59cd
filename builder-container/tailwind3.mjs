// Tailwind 3, for apps that were written for it: its own compiler, told what `tailwind.config` says as data. Nothing of an
// app's is run: what such a file computes is named, with its line.
import { existsSync, readdirSync, readFileSync } from "node:fs"
import { createRequire } from "node:module"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"
import { configurationFile, notebook } from "./foreign.mjs"
import { HOME, isObject, onlyPlain, places, readPlain, Unread } from "./plain.mjs"

const ENDINGS = ["ts", "js", "mjs", "cjs", "mts", "cts"]
/** Plugins of which the builder has a copy. */
export const PLUGINS = ["tailwindcss-animate", "@tailwindcss/typography", "@tailwindcss/forms", "@tailwindcss/aspect-ratio", "@tailwindcss/container-queries"]
/** What of a configuration is read. */
const KEYS = ["content", "purge", "darkMode", "theme", "safelist", "blocklist", "prefix", "important", "separator", "corePlugins", "plugins", "presets", "future", "experimental", "variants", "mode"]

/** Where the builder's own packages are, if it has any. */
const extras = join(dirname(fileURLToPath(import.meta.url)), "extras")
const { resolve } = createRequire(join(extras, "any.js"))
const load = async (specifier) => (await import(pathToFileURL(resolve(specifier)).href)).default

/** Where the builder's copies of plugins are, by name: what a style sheet of Tailwind 4 means by `@plugin`. */
export const pluginFiles = () => (existsSync(extras) ? PLUGINS.map((name) => ({ find: new RegExp(`^${name}$`), replacement: resolve(name) })) : [])

/** The PostCSS plugins that make the styles of an app of Tailwind 3; null for any other app. */
export const tailwind3 = async (root, notes) => {
  const [name, source] = configurationFile(root, ENDINGS.map((ending) => `tailwind.config.${ending}`))
  if (!isOfThree(root, name)) return null
  const note = name ? notebook(name, source, notes) : () => {}
  if (!existsSync(extras)) {
    notes.push({ code: "build_settings", message: "This builder has no Tailwind 3: the styles are made by Tailwind 4.", suggestion: "Start the builder with `--extras`, or use Tailwind 4.", path: "package.json", line: 1, column: 1 })
    return null
  }
  const [tailwind, autoprefixer] = [await load("tailwindcss"), await load("autoprefixer")]
  const modules = {
    "tailwindcss/defaultTheme": await load("tailwindcss/defaultTheme.js"),
    "tailwindcss/colors": await withoutWarnings(() => load("tailwindcss/colors.js").then((colors) => ({ ...colors }))),
  }
  const { value, error } = name ? readPlain(name, source, modules) : { value: { content: ["./index.html", "./src/**/*.{js,ts,jsx,tsx}"] } }
  if (error) note(error.labels?.[0]?.start, "build_settings", `This file does not parse: ${error.message}`)
  else if (!isObject(value)) note(0, "build_settings", "What this file exports cannot be read without running it, which the builder does not do.")
  const config = isObject(value) ? await configured(value, note) : { content: [] }
  return [refuse, tailwind(config), autoprefixer()]
}

/** Whether the styles are written for Tailwind 3: `package.json` says so, or, if it says nothing, a style sheet does. */
const isOfThree = (root, configuration) => {
  try {
    const manifest = JSON.parse(readFileSync(join(root, "package.json"), "utf8"))
    const version = { ...manifest.dependencies, ...manifest.devDependencies }.tailwindcss
    if (typeof version === "string") return /^\D*3(\D|$)/.test(version)
  } catch {
    // Without a readable one, the style sheets tell.
  }
  if (!configuration) return false
  const sheets = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile() && entry.name.endsWith(".css"))
  return sheets.some((entry) => /^\s*@tailwind\s+(base|utilities)/m.test(readFileSync(join(entry.parentPath, entry.name), "utf8")))
}

/** Old names of colours warn on standard error when they are read. */
const withoutWarnings = async (work) => {
  const { warn } = console
  console.warn = () => {}
  try {
    return await work()
  } finally {
    console.warn = warn
  }
}

const configured = async (value, note) => {
  const place = (key) => places.get(value)?.[key]
  for (const key of Object.keys(value)) if (!KEYS.includes(key) && !key.startsWith("...")) note(place(key), "build_settings", `\`${key.slice(0, 100)}\` is no setting of Tailwind 3.`)
  const { plugins, presets, ...rest } = value
  const told = (unread, keys) => {
    const what = unread.what === "a function" ? "is a function, which is not run" : "cannot be read without running this file"
    const spread = String(keys.at(-1)).startsWith("...")
    note(unread.start, "build_settings", `\`${keys.filter((key) => !String(key).startsWith("...")).join(".")}\` ${spread ? "spreads something that " : ""}${what}: the classes of it are missing.`)
  }
  const config = onlyPlain(rest, told)
  if (presets) note(place("presets"), "build_settings", "`presets` are not used: what they set is missing.")
  config.content = content(config.content ?? config.purge, note, place("content"))
  config.plugins = []
  for (const plugin of [plugins ?? []].flat()) {
    const known = plugin instanceof Unread && PLUGINS.includes(plugin.from) ? await load(plugin.from) : null
    if (!known) {
      const named = plugin instanceof Unread && plugin.from && !plugin.from.startsWith(".") ? `The plugin \`${plugin.from.slice(0, 100)}\`` : "A plugin of the project's own"
      note(plugin?.start ?? place("plugins"), "build_plugin", `${named} is not run: its classes are missing.`, { suggestion: `The builder has ${PLUGINS.map((one) => `\`${one}\``).join(", ")}.` })
      continue
    }
    const options = plugin.what === "a call" ? onlyPlain(plugin.given ?? [], told, ["plugins", plugin.from]) : null
    config.plugins.push(options && typeof known === "function" ? known(...options) : known)
  }
  return config
}

/** Where classes are looked for: in the project alone. */
const content = (given, note, start) => {
  const all = Array.isArray(given) ? given : (given?.files ?? [])
  const kept = []
  for (const pattern of [all].flat()) {
    if (typeof pattern !== "string") {
      if (typeof pattern?.raw === "string") kept.push({ raw: pattern.raw, extension: typeof pattern.extension === "string" ? pattern.extension : "html" })
      continue
    }
    const negative = pattern.startsWith("!") ? "!" : ""
    const plain = pattern.slice(negative.length).replace(`${HOME}/`, "./")
    if (plain.startsWith("/") || plain.split(/[/{},]/).includes("..")) note(start, "build_settings", `\`${pattern.slice(0, 100)}\` leads out of the project: no classes are looked for there.`)
    else kept.push(negative + (plain.startsWith("./") ? plain : `./${plain}`))
  }
  if (kept.length === 0) note(start, "build_settings", "`content` names no file of the project: no classes are made.")
  return kept
}

/** A style sheet may name another configuration, which Tailwind would run. */
const refuse = {
  postcssPlugin: "overskill:refuse",
  Once: (root) =>
    root.walkAtRules(/^(config|plugin)$/i, (rule) => {
      throw rule.error("Tailwind plugins and configuration files are not run")
    }),
}
