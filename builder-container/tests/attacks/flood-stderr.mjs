const text = "x".repeat(1 << 20)
for (let number = 0; number < 300; number++) await new Promise((done) => process.stderr.write(text, done))
globalThis.held()
