import { Toaster as Sonner } from "sonner"
import { useTheme } from "@/hooks/useTheme"

export function Toaster() {
  const { isDark } = useTheme()
  return (
    <Sonner
      theme={isDark ? "dark" : "light"}
      position="bottom-right"
      toastOptions={{
        style: {
          background: "var(--surface)",
          borderColor: "var(--border)",
          borderRadius: "1rem",
          color: "var(--foreground)",
          fontFamily: "var(--font-sans)",
        },
      }}
    />
  )
}
