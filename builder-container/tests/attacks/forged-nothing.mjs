// Artifacts that are not there.
await globalThis.result({ ok: true, vite_ms: 1 })
process.exit(0)
