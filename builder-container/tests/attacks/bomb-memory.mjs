import { spawn } from "node:child_process"

// Each process by itself stays below what one may have.
const eat = "const all = []; setInterval(() => { if (all.length < 15) all.push(Buffer.alloc(100_000_000, 1)) }, 5)"
for (let number = 0; number < 4; number++) spawn(process.execPath, ["--eval", eat], { stdio: "ignore" })
setInterval(() => {}, 1000)
