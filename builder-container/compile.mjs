// Vite, Rolldown and Tailwind, configured: builds once, and after a failure has `diagnose.mjs` tell all of it.
//
// Of an app's own configuration, the supervisor has put into the `tsconfig.json` that it wrote where aliases lead;
// `foreign.mjs` reads the rest.
import { existsSync, readFileSync, realpathSync } from "node:fs"
import { basename, dirname, join, resolve } from "node:path"
import { fileURLToPath } from "node:url"
import tailwind from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { build, createLogger } from "vite"
import { blame, clip, diagnose, list, MOST, plain } from "./diagnose.mjs"
import { externals } from "./externals.mjs"
import { guard, refusals } from "./fence.mjs"
import { adapt, readSettings, spreadAliases } from "./foreign.mjs"
import { compileFunctions } from "./functions.mjs"
import { pluginFiles, tailwind3 } from "./tailwind3.mjs"
import { scales } from "./weigh.mjs"

/** What nearly every app has nearly alike: in a chunk of its own, a change of the app leaves it in the browser's cache. */
const REACT = { name: "react", test: /\/node_modules\/(?:react|react-dom|scheduler|react-router|cookie|set-cookie-parser)\// }

const packages = realpathSync(join(dirname(fileURLToPath(import.meta.url)), "..", "node_modules"))

const configuration = (root, out, mode, maps, plugins, warn) => ({
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
  resolve: { alias: [...aliases(root), ...pluginFiles()] },
  // What a browser passes over in a style sheet does not stop a build when it is minified either.
  css: { postcss: { plugins: [] }, lightningcss: { errorRecovery: true } },
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
    sourcemap: mode === "development" || (maps && "hidden"),
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

/** What a build of a function is configured with: nothing that is for browsers. */
const forFunctions = (root, mode, first, last) => ({
  root,
  mode,
  configFile: false,
  envDir: false,
  publicDir: false,
  logLevel: "silent",
  customLogger: { ...createLogger("silent"), warn: () => {}, warnOnce: () => {}, error: () => {} },
  plugins: [first, guard(packages), last],
  resolve: { alias: aliases(root) },
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
export const warmUp = (root) => build(configuration(root, null, "development", true, leftOutside("development").plugins, () => {}))

/** Builds. What it found is bounded: errors, imports that lead nowhere, warnings, weights. Calls `failed` before it looks for all of them. */
export const compile = async (root, out, mode, maps, failed) => {
  const warnings = []
  const warn = (message) => {
    if (warnings.length < 50) warnings.push(clip(message))
  }
  const settings = readSettings(root)
  spreadAliases(root, settings)
  const styles = await tailwind3(root, settings.notes)
  const configure = (...how) => adapt(configuration(...how), root, settings, styles)
  const result = { ok: true, errors: [], missing: [], warnings, notes: settings.notes, vendor: [], weights: [] }
  try {
    const prebuilt = leftOutside(mode)
    const weighed = scales(root, mode === "production")
    const { output } = await build(configure(root, out, mode, maps, prebuilt.plugins, warn))
    weighed.app(output)
    result.vendor = prebuilt.files()
    // Vite takes an asset that cannot be read for one that is not there, warns, and goes on.
    result.errors = [...refusals].slice(0, MOST).map((target) => blame(target, null, root))
    const functions = await compileFunctions(root, out, mode, forFunctions, weighed)
    result.errors = [...result.errors, ...functions.errors].slice(0, MOST)
    result.missing = functions.missing
    warnings.push(...functions.warnings)
    result.ok = result.errors.length + result.missing.length === 0
    result.weights = weighed.heaviest()
    if (!result.ok) {
      result.warnings = []
      failed()
    }
  } catch (first) {
    result.ok = false
    failed()
    Object.assign(result, await diagnose(root, (first, last) => configure(root, null, mode, true, [first, ...leftOutside(mode).plugins, last], () => {})))
    // Nothing found the second time: the first failure is all there is to say.
    if (result.errors.length === 0 && result.missing.length === 0)
      result.errors = list(first).slice(0, MOST).map((error) => plain(error, new Map(), root))
  }
  return result
}
