import type { Config } from "tailwindcss"
import { fontFamily } from "tailwindcss/defaultTheme"
import colors from "tailwindcss/colors"

const radius = "var(--radius)"

// Nobody runs this file.
process.exit(7)

export default {
  darkMode: ["class"],
  content: ["./pages/**/*.{ts,tsx}", "./src/**/*.{ts,tsx}", "../shared/**/*.tsx"],
  prefix: "",
  safelist: ["text-later", { pattern: /^bg-stripe-(1|2)$/ }],
  theme: {
    container: { center: true, padding: "2rem", screens: { "2xl": "1400px" } },
    extend: {
      fontFamily: { sans: ["Inter", ...fontFamily.sans] },
      colors: {
        border: "hsl(var(--border))",
        primary: { DEFAULT: "hsl(var(--primary))", foreground: "hsl(var(--primary-foreground))" },
        later: colors.teal[600],
        stripe: { 1: "#111", 2: "#222" },
      },
      borderRadius: { lg: radius, md: `calc(${radius} - 2px)` },
      keyframes: {
        "accordion-down": { from: { height: "0" }, to: { height: "var(--radix-accordion-content-height)" } },
      },
      animation: { "accordion-down": "accordion-down 0.2s ease-out" },
      spacing: ({ theme }) => ({ wide: theme("spacing.96") }),
    },
  },
  plugins: [require("tailwindcss-animate"), require("@tailwindcss/typography"), require("tailwind-scrollbar"), require("./tools/plugin")],
} satisfies Config
