import { useState } from "react"
import { toast } from "sonner"
import { TextLink } from "@/components/TextLink"
import { Button } from "@/components/ui/button"
import { AuthCard } from "./AuthCard"
import type { AuthOutcome } from "./types"

interface CheckMailProps {
  /** What the mail is about, as in “There you find a link …”. */
  purpose: string
  email: string
  onSendAgain: () => Promise<AuthOutcome>
}

/** What follows when a mail was sent. It says the same whether or not there is an account. */
export function CheckMail({ purpose, email, onSendAgain }: CheckMailProps) {
  const [busy, setBusy] = useState(false)

  async function sendAgain() {
    setBusy(true)
    const { error } = await onSendAgain()
    setBusy(false)
    if (error) toast.error(error.message)
    else toast.success("Sent again")
  }

  return (
    <AuthCard
      title="Check your mail"
      description={`If ${email} can be used here, a mail is on its way to it. There you find a link ${purpose}. It works once.`}
      footer={<TextLink to="/login">Back to sign in</TextLink>}
    >
      <Button variant="outline" size="lg" className="w-full" disabled={busy} onClick={() => void sendAgain()}>
        Send again
      </Button>
    </AuthCard>
  )
}
