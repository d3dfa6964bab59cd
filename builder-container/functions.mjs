// The functions of an app: every script that lies in `functions/` itself becomes one module, with all that it imports, which
// runs beside the app's files and never in a browser. What lies in folders below is for them to import.
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { build } from "vite"
import { diagnose, list, MOST, plain } from "./diagnose.mjs"

/** Where they are put, beside what is served. As `FUNCTIONS_FOLDER` of the core. */
const FOLDER = "overskill-functions"
/** As the core reads them. */
const NAME = /^[a-z0-9](?:[a-z0-9-]{0,46}[a-z0-9])?$/
/** As in the core. */
const MOST_FUNCTIONS = 32

/** A finding of ours. */
const finding = (file, message) => ({ code: "FUNCTION", plugin: null, message, file, exporter: null, line: null, column: null })

/** A folder with a package in it is somebody else's kind of functions. */
const isPackage = (folder) => existsSync(join(folder, "package.json"))

/** Whether a script in the folder is none: types, tests, and what begins with `_`, which others of its kind share. */
const isNone = (name) => /\.d\.ts$|\.(?:test|spec)\.[jt]s$|^_/.test(name)

/** The scripts, by the names of their functions. */
const scripts = (root) => {
  const folder = join(root, "functions")
  if (!existsSync(folder) || isPackage(folder)) return []
  return readdirSync(folder, { withFileTypes: true })
    .filter((entry) => entry.isFile() && /\.[jt]s$/.test(entry.name) && !isNone(entry.name))
    .map(({ name }) => ({ name: name.slice(0, -3), file: join(folder, name) }))
    .sort((one, other) => (one.name < other.name ? -1 : 1))
}

/** What is wrong with what was built of one: it has to run where there is no Node, and to say what answers. */
const wrong = ({ file }, { imports, dynamicImports, exports }) => {
  const outside = [...imports, ...dynamicImports]
  if (outside.length > 0)
    return outside.map((name) => finding(file, `A function runs at the edge, where there is no \`${name}\`. Use what browsers have as well: fetch, crypto.subtle, URL.`))
  if (exports.includes("default") || exports.includes("fetch")) return []
  return [finding(file, "A function needs to export what answers: `export default { async fetch(request, env) { … } }`.")]
}

/**
 * Builds them one by one: errors, imports that lead nowhere, warnings. `common(root, mode, first, last)` are the settings of each, with
 * plugins of ours before and after the rest; `weighed` (`weigh.mjs`) hears of each.
 */
export const compileFunctions = async (root, out, mode, common, weighed) => {
  const found = { errors: [], missing: [], warnings: [] }
  if (isPackage(join(root, "functions"))) found.warnings.push("The folder `functions` has a package.json, so it is not for functions of this app and is left out.")
  // What an app has put there itself is no function.
  if (out !== null) rmSync(join(out, FOLDER), { recursive: true, force: true })
  const all = scripts(root)
  if (all.length > MOST_FUNCTIONS) found.errors.push(finding(all[MOST_FUNCTIONS].file, `An app has at most ${MOST_FUNCTIONS} functions.`))
  for (const one of all.slice(0, MOST_FUNCTIONS)) {
    if (!NAME.test(one.name)) {
      found.errors.push(finding(one.file, "The name of a function has at most 48 small letters, digits and `-`. Rename the file."))
      continue
    }
    if (all.some((other) => other.name === one.name && other.file < one.file)) {
      found.errors.push(finding(one.file, "There is another file for this function. Take one of them away."))
      continue
    }
    const configure = (write, ...around) => ({
      ...common(root, mode, ...around),
      ssr: { noExternal: true, target: "webworker" },
      build: {
        ssr: one.file,
        outDir: out === null ? "dist" : join(out, FOLDER),
        emptyOutDir: false,
        write: write && out !== null,
        // A script has room for 900 KB, and the client of the database has 750 before it is minified.
        minify: true,
        copyPublicDir: false,
        rolldownOptions: { output: { format: "es", codeSplitting: false, entryFileNames: `${one.name}.js` } },
      },
    })
    try {
      const { output } = await build(configure(true))
      weighed.worker(output)
      found.errors.push(...wrong(one, output.find((part) => part.isEntry)))
    } catch (first) {
      const told = await diagnose(root, (before, after) => configure(false, before, after))
      if (told.errors.length + told.missing.length === 0) told.errors = list(first).map((error) => plain(error, new Map(), root))
      found.errors.push(...told.errors)
      found.missing.push(...told.missing)
    }
  }
  return { errors: found.errors.slice(0, MOST), missing: found.missing.slice(0, MOST), warnings: found.warnings }
}
