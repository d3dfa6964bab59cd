import { Sparkles } from "lucide-react"
import { useState } from "react"
import { toast } from "sonner"
import { Button } from "@/components/ui/button"
import { db, errorText } from "@/lib/database"
import type { Resource } from "@/lib/resource"
import { capitalised, countOf } from "@/lib/words"

/** Puts the examples of a resource in, all or none; they are then the user's own. A list that shows them hears of it. */
export function ExamplesButton({ resource: { table, singular, plural, examples = [] } }: { resource: Resource }) {
  const [busy, setBusy] = useState(false)
  if (examples.length === 0) return null

  async function add() {
    setBusy(true)
    const { error } = await db.fromName(table).insert(examples, { defaultToNull: false })
    if (error) {
      setBusy(false)
      toast.error(errorText(error))
      return
    }
    // The list that has them takes this button's place: until then they are not to be put in again.
    toast.success(`${capitalised(countOf(examples.length, singular, plural))} added`)
  }

  return (
    <Button size="lg" variant="ghost" disabled={busy} onClick={() => void add()}>
      <Sparkles aria-hidden />
      Add examples
    </Button>
  )
}
