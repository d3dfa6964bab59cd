import { identity } from "@/app/identity"

export function Footer() {
  return (
    <footer className="border-t border-border/70">
      <div className="mx-auto flex w-full max-w-6xl flex-col gap-2 px-4 py-6 text-sm text-muted-foreground sm:flex-row sm:items-center sm:justify-between sm:px-6">
        <p>{identity.name}</p>
        <p className="truncate">{identity.tagline}</p>
      </div>
    </footer>
  )
}
