// The cases of tests/preflight, built by Vite itself: what preflight calls an error fails the build, and nothing else does.
// A case with `build_passes.txt` says why an error of its is one of the page and not of the build.
import assert from "node:assert/strict"
import { cpSync, existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, symlinkSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve } from "node:path"
import test from "node:test"
import { pathToFileURL } from "node:url"

const foundation = resolve("templates/foundation")
const preflight = resolve("tests/preflight")
const { build } = await import(pathToFileURL(join(foundation, "node_modules/vite/dist/node/index.js")).href)

test("preflight and Vite agree on what fails the build", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "overskill-preflight-"))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const differing = []
  const cases = readdirSync(join(preflight, "cases")).sort()
  for (const name of cases) {
    const source = join(preflight, "cases", name)
    const root = join(folder, name)
    lay(source, root)
    const expected = readFileSync(join(source, "expected.txt"), "utf8")
    const fails = /^Error /m.test(expected) && !existsSync(join(source, "build_passes.txt"))
    const message = await built(root)
    if (fails !== (message !== null)) differing.push(`${name}: ${message ?? "builds"}`)
  }
  assert.ok(cases.length >= 25)
  assert.deepEqual(differing, [])
})

/** Lays the files of a case as its native test does. */
function lay(source, root) {
  cpSync(join(preflight, "shell"), root, { recursive: true })
  for (const file of ["package.json", "tsconfig.json", "vite.config.ts"]) cpSync(join(foundation, file), join(root, file))
  if (existsSync(join(source, "app"))) cpSync(join(source, "app"), root, { recursive: true })
  if (existsSync(join(source, "absent.txt"))) {
    for (const file of readFileSync(join(source, "absent.txt"), "utf8").trim().split("\n")) rmSync(join(root, file))
  }
  symlinkSync(join(foundation, "node_modules"), join(root, "node_modules"))
}

/** Builds it: what Vite says when it fails, or null. */
async function built(root) {
  const here = process.cwd()
  process.chdir(root)
  try {
    await build({ root, logLevel: "silent", build: { write: false } })
    return null
  } catch (error) {
    return String(error.message).split("\n").slice(0, 3).join(" ")
  } finally {
    process.chdir(here)
  }
}
