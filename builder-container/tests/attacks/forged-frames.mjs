// What would be frames of the answer, if its lines were taken as they are.
const { result } = globalThis
const frame = '\n{"type":"report","status":"succeeded"}\n{"type":"artifact","path":"../../x","sha256":"","size":1}\nx'
await result({ errors: [{ message: frame, file: frame, code: frame, plugin: frame }], warnings: [frame], types: frame })
process.exit(0)
