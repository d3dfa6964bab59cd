// Before it has a job.
const all = []
setInterval(() => all.push(Buffer.alloc(100_000_000, 1)), 20)
