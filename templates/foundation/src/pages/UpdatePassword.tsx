import { useNavigate } from "react-router"
import { toast } from "sonner"
import { AuthCard } from "@/auth/AuthCard"
import { AuthForm } from "@/auth/AuthForm"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"

export function UpdatePassword() {
  usePageTitle("New password")
  const { user, updatePassword } = useAuth()
  const navigate = useNavigate()
  return (
    <AuthCard title="Choose a new password" description={`For ${user?.email ?? "your account"}.`}>
      <AuthForm
        fields={["new-password"]}
        action="Save password"
        onSubmit={async (values) => {
          const { error } = await updatePassword(values["new-password"])
          if (error) return error.message
          toast.success("Password changed")
          await navigate("/dashboard")
          return null
        }}
      />
    </AuthCard>
  )
}
