const { order, result } = globalThis
const files = ["/etc/passwd", order.canary, `${order.root}/../../../../secret.txt`, `${order.root}/src/../../../../../secret.txt`, "../../../../secret.txt", `${order.root}//etc/passwd`, `${order.root}/\u0000`, ""]
await result({
  errors: files.flatMap((file) => [
    { message: `look ─[ ${file}:1:1 ]`, file, line: 1, column: 1 },
    { code: "OUTSIDE", message: file, file, line: 1, column: 1 },
    { code: "MISSING_EXPORT", message: `"x" is not exported by "${file}"`, file: `${order.root}/src/main.tsx`, exporter: file },
  ]),
  missing: files.map((file) => ({ specifier: file, importer: file })),
  types: files.map((file) => `${file}(1,1): error TS1: look\n`).join(""),
})
process.exit(0)
