import { Layers, Plus } from "lucide-react"
import { Link } from "react-router"
import { appEntries, type NavigationEntry, sourceOf } from "@/app/navigation"
import { PageHeading } from "@/components/PageHeading"
import { Button } from "@/components/ui/button"
import { Card } from "@/components/ui/card"
import { useAuth } from "@/hooks/useAuth"
import { usePageTitle } from "@/hooks/usePageTitle"
import { useRecordCount } from "@/hooks/useRecordCount"

const dates = new Intl.DateTimeFormat(undefined, { dateStyle: "long" })

export function Dashboard() {
  usePageTitle("Dashboard")
  const { user } = useAuth()
  const counted = appEntries.filter((entry) => entry.table)
  if (!user) return null
  return (
    <>
      <PageHeading title="Dashboard" description={`Welcome, ${user.user_metadata.name ?? user.email}.`} />
      {counted.length > 0 && (
        <ul className="mb-6 grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
          {counted.map((entry) => (
            <li key={entry.to} className="grid min-w-0">
              <CountCard entry={entry} />
            </li>
          ))}
        </ul>
      )}
      <Card className="p-6">
        <h2 className="font-semibold">Your account</h2>
        <dl className="mt-4 grid gap-4 text-sm sm:grid-cols-2">
          <div className="min-w-0">
            <dt className="text-muted-foreground">E-mail</dt>
            <dd className="mt-1 truncate">{user.email}</dd>
          </div>
          <div>
            <dt className="text-muted-foreground">Member since</dt>
            <dd className="mt-1">{dates.format(new Date(user.created_at))}</dd>
          </div>
        </dl>
        <Button asChild variant="outline" size="sm" className="mt-6">
          <Link to="/update-password">Change password</Link>
        </Button>
      </Card>
    </>
  )
}

function CountCard({ entry }: { entry: NavigationEntry }) {
  const { label, to, icon: Icon = Layers } = entry
  const count = useRecordCount(sourceOf(entry))
  return (
    <Card className="p-6">
      <div className="flex items-center justify-between gap-3 text-muted-foreground">
        <h2 className="truncate text-sm font-medium">{label}</h2>
        <Icon aria-hidden className="size-4 shrink-0" />
      </div>
      <p className="mt-3 min-h-10 text-4xl font-semibold tracking-tight tabular-nums">{count?.toLocaleString()}</p>
      <div className="mt-4 flex gap-2">
        <Button asChild variant="outline" size="sm">
          <Link to={to} aria-label={`Open ${label.toLowerCase()}`}>Open</Link>
        </Button>
        <Button asChild variant="ghost" size="sm">
          <Link to={`${to}/new`} aria-label={`Add to ${label.toLowerCase()}`}>
            <Plus aria-hidden />
            Add
          </Link>
        </Button>
      </div>
    </Card>
  )
}
