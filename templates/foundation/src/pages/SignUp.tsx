import { useState } from "react"
import { Navigate } from "react-router"
import { AuthCard } from "@/auth/AuthCard"
import { AuthForm } from "@/auth/AuthForm"
import { CheckMail } from "@/auth/CheckMail"
import { useReturnAddress } from "@/auth/return-address"
import { PageSkeleton } from "@/components/PageSkeleton"
import { TextLink } from "@/components/TextLink"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"

export function SignUp() {
  usePageTitle("Create an account")
  const { user, loading, signUp, resendConfirmation } = useAuth()
  const from = useReturnAddress()
  const [unconfirmed, setUnconfirmed] = useState<string | null>(null)
  if (loading) return <PageSkeleton />
  if (user) return <Navigate to={from} replace />
  if (unconfirmed) {
    return <CheckMail purpose="to confirm the address and sign in" email={unconfirmed} onSendAgain={() => resendConfirmation(unconfirmed, from)} />
  }
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
          const account = { email: values.email, password: values["new-password"], name: values.name.trim() || undefined }
          const { data, error } = await signUp(account, from)
          if (!data && !error) setUnconfirmed(values.email.trim())
          return error?.message ?? null
        }}
      />
    </AuthCard>
  )
}
