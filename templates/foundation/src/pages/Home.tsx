import { ArrowRight, Sparkles } from "lucide-react"
import { Link } from "react-router"
import { identity } from "@/app/identity"
import { appEntries } from "@/app/navigation"
import { EntryCard } from "@/components/EntryCard"
import { BrandMark } from "@/components/layout/Brand"
import { Message } from "@/components/Message"
import { Button } from "@/components/ui/button"
import { usePageTitle } from "@/hooks/usePageTitle"

export function Home() {
  usePageTitle()
  const [first] = appEntries
  return (
    <>
      <section className="relative mb-6 animate-rise overflow-hidden rounded-3xl border bg-linear-to-br from-accent via-surface to-accent/60 px-6 py-10 shadow-sm sm:mb-8 sm:px-12 sm:py-16">
        <HeroPattern />
        <BrandMark className="relative mb-6 size-14 rounded-2xl text-2xl shadow-lg shadow-primary/25" />
        <h1 className="relative max-w-3xl text-4xl font-bold tracking-tight break-words sm:text-6xl">{identity.name}</h1>
        <p className="relative mt-4 max-w-2xl text-lg text-pretty text-muted-foreground sm:text-xl">{identity.tagline}</p>
        {first && (
          <div className="relative mt-8 flex flex-wrap gap-3">
            <Button asChild size="lg">
              <Link to={first.to}>
                Open {first.label.toLowerCase()}
                <ArrowRight aria-hidden />
              </Link>
            </Button>
          </div>
        )}
      </section>
      {appEntries.length > 0 ? (
        <section aria-label="In this app">
          <ul className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
            {appEntries.map((entry) => (
              <li key={entry.to} className="grid min-w-0">
                <EntryCard entry={entry} />
              </li>
            ))}
          </ul>
        </section>
      ) : (
        <section className="rounded-3xl border border-dashed bg-surface/60">
          <Message icon={Sparkles} title="Ready for its first page">
            Describe what this app should keep and do, and its pages appear here.
          </Message>
        </section>
      )}
    </>
  )
}

function HeroPattern() {
  return (
    <div
      aria-hidden
      className="absolute inset-0 max-sm:hidden bg-[radial-gradient(circle,var(--primary)_1px,transparent_1px)] bg-size-[22px_22px] opacity-35 mask-[radial-gradient(60%_90%_at_100%_40%,black,transparent)]"
    />
  )
}
