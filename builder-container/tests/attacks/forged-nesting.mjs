await globalThis.write(`{"type":"result","errors":${"[".repeat(4_000_000)}\n`)
process.exit(0)
