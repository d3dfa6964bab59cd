import { use } from "react"
import { AuthContext } from "@/auth/AuthContext"
import type { Auth } from "@/auth/types"

export function useAuth(): Auth {
  const auth = use(AuthContext)
  if (!auth) throw new Error("useAuth needs an AuthProvider above it")
  return auth
}
