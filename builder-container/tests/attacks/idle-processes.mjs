// Before it has a job.
const { spawn } = await import("node:child_process")
const idle = ["--eval", "setTimeout(() => {}, 60_000)"]
setInterval(() => {
  for (let number = 0; number < 10; number++) spawn(process.execPath, idle, { stdio: "ignore" }).on("error", () => {})
}, 10)
