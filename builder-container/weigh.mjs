// What weighs how much in the built scripts: every npm package, and every file of the app's own.
//
// Rolldown tells what a module is in a chunk before that is minified. So each is made as short as that makes it, names and blanks, and what the
// chunk has in the end is divided by these lengths.
import { minifySync } from "vite"

/** How many are told, the heaviest. As `MOST_WEIGHTS` of the core. */
const MOST = 20
const FOLDER = "/node_modules/"

/** Whose a module is; nothing where it is the bundler's. */
const whose = (id, root) => {
  const file = id.replace(/^\0+/, "").replace(/[?#].*$/s, "")
  const inside = file.lastIndexOf(FOLDER)
  if (inside >= 0) {
    const [first, second] = file.slice(inside + FOLDER.length).split("/")
    return { kind: "package", name: first.startsWith("@") ? `${first}/${second}` : first }
  }
  return file.startsWith(`${root}/`) ? { kind: "file", name: file.slice(root.length + 1) } : null
}

/** The chunks that are loaded with the entries, before anything of them runs. */
const together = (chunks) => {
  const byName = new Map(chunks.map((chunk) => [chunk.fileName, chunk]))
  const found = new Set(chunks.filter((chunk) => chunk.isEntry))
  for (const chunk of found) for (const name of chunk.imports) if (byName.has(name)) found.add(byName.get(name))
  return found
}

/** How long a module is, minified as its chunk was. What does not stand by itself is taken as it is. */
const lengthOf = ({ code, renderedLength }, isMinified) => {
  if (!code || !isMinified) return renderedLength
  const { code: short, errors } = minifySync("module.js", code, { compress: false, mangle: true })
  return errors.length > 0 ? renderedLength : short.length
}

/** Weighs what is built in the project's folder `root`; `isMinified`, what browsers get. */
export const scales = (root, isMinified) => {
  const weights = new Map()
  const add = (chunk, where, isShort) => {
    const modules = Object.entries(chunk.modules).map(([id, module]) => [id, lengthOf(module, isShort)])
    const all = modules.reduce((sum, [, length]) => sum + length, 0)
    const bytes = Buffer.byteLength(chunk.code)
    for (const [id, length] of modules) {
      const owner = length > 0 && whose(id, root)
      if (!owner) continue
      const key = `${owner.kind} ${owner.name}`
      const weight = weights.get(key) ?? { ...owner, page_bytes: 0, late_bytes: 0, function_bytes: 0 }
      weight[where] += (bytes * length) / all
      weights.set(key, weight)
    }
  }
  const chunksOf = (output) => output.filter((part) => part.type === "chunk")
  return {
    /** The output of the build that browsers get. */
    app(output) {
      const chunks = chunksOf(output)
      const first = together(chunks)
      for (const chunk of chunks) add(chunk, first.has(chunk) ? "page_bytes" : "late_bytes", isMinified)
    },
    /** That of one function, which is minified in any case. */
    worker(output) {
      for (const chunk of chunksOf(output)) add(chunk, "function_bytes", true)
    },
    /** The heaviest of what the page and functions need first, then of what is loaded later; whole bytes. */
    heaviest() {
      const needed = (one) => one.page_bytes + one.function_bytes
      return [...weights.values()]
        .sort((one, other) => needed(other) - needed(one) || other.late_bytes - one.late_bytes || (one.name < other.name ? -1 : 1))
        .slice(0, MOST)
        .map((one) => ({
          ...one,
          page_bytes: Math.round(one.page_bytes),
          late_bytes: Math.round(one.late_bytes),
          function_bytes: Math.round(one.function_bytes),
        }))
    },
  }
}
