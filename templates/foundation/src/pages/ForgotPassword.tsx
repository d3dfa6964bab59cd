import { useState } from "react"
import { AuthCard } from "@/auth/AuthCard"
import { AuthForm } from "@/auth/AuthForm"
import { CheckMail } from "@/auth/CheckMail"
import { TextLink } from "@/components/TextLink"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"

export function ForgotPassword() {
  usePageTitle("Forgot password")
  const { resetPassword } = useAuth()
  const [sent, setSent] = useState<string | null>(null)

  if (sent) return <CheckMail purpose="to choose a new password" email={sent} onSendAgain={() => resetPassword(sent)} />
  return (
    <AuthCard
      title="Forgot your password?"
      description="Enter the e-mail address of your account to get a reset link."
      footer={<TextLink to="/login">Back to sign in</TextLink>}
    >
      <AuthForm
        fields={["email"]}
        action="Get a reset link"
        onSubmit={async ({ email }) => {
          const { error } = await resetPassword(email)
          if (!error) setSent(email.trim())
          return error?.message ?? null
        }}
      />
    </AuthCard>
  )
}
