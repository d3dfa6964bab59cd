// Runs TypeScript's compiler over the folder that is named, and lists what it read. It is killed with whoever started
// this: the compiler is a native program, which outlives a killed parent, and standard input ends with that parent.
import { spawn } from "node:child_process"
import { realpathSync } from "node:fs"
import { dirname, join } from "node:path"
import { fileURLToPath, pathToFileURL } from "node:url"

const own = dirname(fileURLToPath(import.meta.url))
const package_ = realpathSync(join(own, "..", "node_modules", "typescript"))
const { default: programPath } = await import(pathToFileURL(join(package_, "lib", "getExePath.js")).href)

const flags = ["--noEmit", "--pretty", "false", "--listFiles", "--project", process.argv[2]]
const child = spawn(programPath(), flags, { stdio: ["ignore", "inherit", "ignore"] })
child.on("error", () => process.exit(70))
child.on("exit", (code) => process.exit(code ?? 70))
process.stdin.resume().on("end", () => {
  child.kill("SIGKILL")
  process.exit(70)
})
