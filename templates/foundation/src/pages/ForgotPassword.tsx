import { useState } from "react"
import { Link } from "react-router"
import { AuthCard } from "@/auth/AuthCard"
import { AuthForm } from "@/auth/AuthForm"
import { TextLink } from "@/components/TextLink"
import { Button } from "@/components/ui/button"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"

export function ForgotPassword() {
  usePageTitle("Forgot password")
  const { resetPassword } = useAuth()
  const [link, setLink] = useState<string | null>(null)

  if (link) {
    return (
      <AuthCard title="Your reset link" description="Later it comes by e-mail. This stand-in cannot send one, so here it is. It works once, for an hour.">
        <Button asChild size="lg" className="w-full">
          <Link to={link}>Choose a new password</Link>
        </Button>
      </AuthCard>
    )
  }

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
          const { data, error } = await resetPassword(email)
          if (data) setLink(data.link)
          return error?.message ?? null
        }}
      />
    </AuthCard>
  )
}
