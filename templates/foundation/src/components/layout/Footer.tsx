import { HardDrive } from "lucide-react"
import { identity } from "@/app/identity"
import { isKept } from "@/lib/browser-storage"

export function Footer() {
  return (
    <footer className="border-t border-border/70">
      <div className="mx-auto flex w-full max-w-6xl flex-col gap-2 px-4 py-6 text-sm text-muted-foreground sm:flex-row sm:items-center sm:justify-between sm:px-6">
        <p>{identity.name}</p>
        <p className="flex items-center gap-2">
          <HardDrive aria-hidden className="size-4 shrink-0" />
          {isKept
            ? "Records and accounts are kept in this browser only."
            : "This browser lets the app store nothing here: records and accounts are gone when this page is closed."}
        </p>
      </div>
    </footer>
  )
}
