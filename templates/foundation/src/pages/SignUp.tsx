import { Navigate } from "react-router"
import { AuthCard } from "@/auth/AuthCard"
import { AuthForm } from "@/auth/AuthForm"
import { useReturnAddress } from "@/auth/return-address"
import { TextLink } from "@/components/TextLink"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"

export function SignUp() {
  usePageTitle("Create an account")
  const { user, signUp } = useAuth()
  const from = useReturnAddress()
  if (user) return <Navigate to={from} replace />
  return (
    <AuthCard
      title="Create your account"
      description="It takes a few seconds."
      footer={<>Have an account? <TextLink to="/login" state={{ from }}>Sign in</TextLink></>}
    >
      <AuthForm
        fields={["name", "email", "new-password"]}
        action="Create account"
        onSubmit={async (values) => {
          const { error } = await signUp({ email: values.email, password: values["new-password"], name: values.name.trim() || undefined })
          return error?.message ?? null
        }}
      />
    </AuthCard>
  )
}
