// Just below what one message may be.
const { order, result } = globalThis
const file = `${order.root}/src/main.tsx`
const errors = Array.from({ length: 15_000 }, (_, number) => ({ message: `${number} ${"\u001b[31m\n".repeat(10)}`, file, line: 4_294_967_295, column: 4_294_967_295 }))
await result({ errors, warnings: ["x".repeat(2_000_000)], types: "src/main.tsx(1,1): error TS1: x\n".repeat(10_000) })
process.exit(0)
