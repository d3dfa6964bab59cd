import { ArrowUpRight, Layers } from "lucide-react"
import { Link } from "react-router"
import { type NavigationEntry, sourceOf } from "@/app/navigation"
import { useRecordCount } from "@/hooks/useRecordCount"
import { countOf } from "@/lib/words"
import { Card } from "./ui/card"

/** A page of this app, with the number of its records. */
export function EntryCard({ entry }: { entry: NavigationEntry }) {
  const { label, to, table, icon: Icon = Layers } = entry
  const count = useRecordCount(sourceOf(entry))
  return (
    <Card className="group relative transition-[box-shadow,translate] focus-within:ring-2 focus-within:ring-ring hover:-translate-y-0.5 hover:shadow-xl hover:shadow-primary/10">
      <div className="flex items-center gap-4 p-5">
        <span aria-hidden className="grid size-12 shrink-0 place-items-center rounded-xl bg-accent text-accent-foreground">
          <Icon className="size-5" />
        </span>
        <div className="min-w-0 flex-1">
          <h2 className="truncate font-semibold">
            <Link to={to} className="outline-none after:absolute after:inset-0 after:rounded-2xl">
              {label}
            </Link>
          </h2>
          {table && <p className="min-h-5 text-sm text-muted-foreground">{count === null ? "" : describe(count)}</p>}
        </div>
        <ArrowUpRight aria-hidden className="size-5 shrink-0 text-muted-foreground transition-[translate,color] group-hover:translate-x-0.5 group-hover:-translate-y-0.5 group-hover:text-primary" />
      </div>
    </Card>
  )
}

function describe(count: number): string {
  return count === 0 ? "Nothing here yet" : countOf(count, "record", "records")
}
