import tailwindcss from "@tailwindcss/vite"
import react from "@vitejs/plugin-react"
import { defineConfig } from "vite"

export default defineConfig({
  plugins: [react(), tailwindcss()],
  resolve: { tsconfigPaths: true },
  // React, its router, supabase-js and the components come to about 730 kB before compression.
  build: { chunkSizeWarningLimit: 900 },
})
