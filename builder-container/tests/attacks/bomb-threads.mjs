import { Worker } from "node:worker_threads"

setInterval(() => new Worker("setInterval(() => {}, 1000)", { eval: true }).on("error", () => {}), 1)
