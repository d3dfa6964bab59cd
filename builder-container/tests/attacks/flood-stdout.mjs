const text = "x".repeat(1 << 20)
for (;;) await globalThis.write(text)
