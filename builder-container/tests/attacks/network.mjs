import { createSocket } from "node:dgram"
import { lookup } from "node:dns/promises"
import { connect, createServer } from "node:net"

const { held, escaped, order } = globalThis
const reach = (what, target) =>
  new Promise((done) => {
    const socket = connect(target)
    socket.on("connect", () => escaped(`it reached ${what}`))
    socket.on("error", done)
    setTimeout(done, 1_000).unref()
  })
await reach("this machine", { host: "127.0.0.1", port: order.port })
await reach("this machine, IPv6", { host: "::1", port: order.port })
await reach("the metadata of a cloud", { host: "169.254.169.254", port: 80 })
await reach("a socket in the file system", { path: order.socket })
await reach("an abstract socket", { path: `\0${order.abstract}` })
await new Promise((done) => {
  const server = createServer().listen(0, "127.0.0.1", () => escaped("it listens"))
  server.on("error", done)
})
await lookup("example.com").then(() => escaped("it looked a name up"), () => {})
await new Promise((done) => {
  try {
    const socket = createSocket("udp4")
    socket.on("error", done)
    socket.send("x", order.port, "127.0.0.1", (error) => (error ? done() : escaped("it sent a datagram")))
  } catch {
    done()
  }
})
held()
