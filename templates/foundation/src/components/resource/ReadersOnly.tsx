import type { ReactNode } from "react"
import { ProtectedRoute } from "@/auth/ProtectedRoute"
import { useAuth } from "@/hooks/useAuth"
import { mayRead } from "@/lib/access"
import type { Resource } from "@/lib/resource"

/** A page of a resource for whoever may read it; signing in is the way to it for all others. What the server keeps to itself is the page's to tell. */
export function ReadersOnly({ resource: { access }, children }: { resource: Resource; children: ReactNode }) {
  const { user } = useAuth()
  if (mayRead(access, user) || access === "server") return children
  return <ProtectedRoute>{children}</ProtectedRoute>
}
