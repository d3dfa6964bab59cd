export const config = {
  server: {
    port: 8080,
    host: "localhost",
  },
  client: {
    theme: "dark",
  },
}
