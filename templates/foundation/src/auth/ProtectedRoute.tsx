import type { ReactNode } from "react"
import { Navigate, useLocation } from "react-router"
import { PageSkeleton } from "@/components/PageSkeleton"
import { useAuth } from "@/hooks/useAuth"

/** Shows its page to whoever is signed in and sends everyone else to sign in first. */
export function ProtectedRoute({ children }: { children: ReactNode }) {
  const { user, loading } = useAuth()
  const location = useLocation()
  if (loading) return <PageSkeleton />
  if (!user) return <Navigate to="/login" replace state={{ from: location.pathname + location.search }} />
  return children
}
