const lines = '{"type":"ready"}\n'.repeat(50_000)
for (;;) await globalThis.write(lines)
