import { Navigate } from "react-router"
import { AuthCard } from "@/auth/AuthCard"
import { AuthForm } from "@/auth/AuthForm"
import { useReturnAddress } from "@/auth/return-address"
import { PageSkeleton } from "@/components/PageSkeleton"
import { TextLink } from "@/components/TextLink"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"

export function Login() {
  usePageTitle("Sign in")
  const { user, loading, signIn } = useAuth()
  const from = useReturnAddress()
  if (loading) return <PageSkeleton />
  if (user) return <Navigate to={from} replace />
  return (
    <AuthCard
      title="Welcome back"
      description="Sign in to carry on."
      footer={<>New here? <TextLink to="/signup" state={{ from }}>Create an account</TextLink></>}
    >
      <AuthForm
        fields={["email", "password"]}
        action="Sign in"
        onSubmit={async (credentials) => (await signIn(credentials)).error?.message ?? null}
      />
      <p className="mt-4 text-center text-sm">
        <TextLink to="/forgot-password">Forgot your password?</TextLink>
      </p>
    </AuthCard>
  )
}
