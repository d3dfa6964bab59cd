import { defineConfig, loadEnv } from "vite"
import manifest from "./package.json"

export default defineConfig(({ mode }) => {
  const env = loadEnv(mode, process.cwd(), "")
  return {
    base: "./",
    publicDir: "static",
    define: {
      __APP__: JSON.stringify("Weather"),
      __BUILD__: { number: 7, beta: true },
      __VERSION__: JSON.stringify(manifest.version),
      "process.env.API": JSON.stringify(env.API),
    },
    build: { outDir: "out", sourcemap: true, rollupOptions: { input: { main: "index.html", other: "other.html" } } },
  }
})
