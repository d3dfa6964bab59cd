// The type check: TypeScript in a process of its own, beside the build.
import { spawn } from "node:child_process"
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs"
import { dirname, join, relative } from "node:path"
import { fileURLToPath } from "node:url"
import { unparsable } from "./diagnose.mjs"

const own = dirname(fileURLToPath(import.meta.url))

/**
 * Reports what TypeScript printed about a project, as far as anyone reads it; nothing when it looked at files that are
 * neither the project's nor a package's (`folders`), since its messages quote what it read.
 */
export const checkTypes = (root, folders, limit) =>
  new Promise((done) => {
    const started = performance.now()
    const child = spawn(process.execPath, [join(own, "types.mjs"), root], { cwd: root, stdio: ["pipe", "pipe", "ignore"] })
    let late = false
    const timer = setTimeout(() => {
      late = true
      // What `types.mjs` dies by, and the compiler with it.
      child.stdin.destroy()
    }, limit)
    const ours = folders.map((folder) => `${folder}/`)
    let output = ""
    let strays = false
    let rest = ""
    child.stdout.setEncoding("utf8").on("data", (text) => {
      const lines = (rest + text).split("\n")
      rest = lines.pop()
      for (const line of lines) {
        // `--listFiles`: the files that were read, one a line, after the errors.
        if (line.startsWith("/")) strays ||= !ours.some((folder) => line.startsWith(folder))
        else if (output.length < 200_000) output += `${line.slice(0, 8_000)}\n`
      }
    })
    child.on("error", (error) => done({ output: null, failure: String(error), ms: 0 }))
    child.on("close", (code) => {
      clearTimeout(timer)
      // 0: no errors; 1 and 2: errors, listed.
      const ended = code === 0 || code === 1 || code === 2 ? null : `tsc ended with ${code}`
      const failure = late
        ? `it was stopped after ${Math.ceil(limit / 1000)} s`
        : strays
          ? "a file outside of the project is referred to"
          : ended
      done({ output: failure ? null : output, failure, ms: Math.round(performance.now() - started) })
    })
  })

/** Copies folders and files. (What Node has for it changes modes, which nothing in the sandbox can.) */
const copyFolder = (from, to) => {
  mkdirSync(to)
  for (const entry of readdirSync(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)]
    if (entry.isDirectory()) copyFolder(source, target)
    else if (entry.isFile()) writeFileSync(target, readFileSync(source))
  }
}

/**
 * The same after a failed build. TypeScript says nothing of types while any file does not parse: those are replaced, in a
 * copy, by files that export as `any` whatever is imported anywhere. `begun` is a check that runs already.
 */
export const checkTypesOfTheRest = (root, folders, limit, begun) => {
  const { files, names } = unparsable(root)
  if (files.length === 0) return begun ?? checkTypes(root, folders, limit)
  const copy = join(dirname(root), "typed")
  copyFolder(root, copy)
  const exports = [...names]
    .filter((name) => /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(name) && name !== "default")
    .map((name) => `export declare const ${name}: any; export type ${name}<A = any, B = any, C = any> = any\n`)
  for (const file of files)
    writeFileSync(join(copy, relative(root, file)), `${exports.join("")}declare const all: any; export default all\n`)
  return checkTypes(copy, [copy, ...folders.slice(1)], limit)
}
