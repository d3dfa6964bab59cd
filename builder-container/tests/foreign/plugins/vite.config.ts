import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"
import { VitePWA } from "vite-plugin-pwa"
import svgr from "vite-plugin-svgr"
import { stamp } from "./tools/stamp"

export default defineConfig({
  base: "/shop/",
  plugins: [
    react({ babel: { plugins: ["styled-components"] } }),
    svgr(),
    VitePWA({ registerType: "autoUpdate" }),
    stamp(),
  ],
  css: { preprocessorOptions: { scss: { api: "modern" } } },
})
