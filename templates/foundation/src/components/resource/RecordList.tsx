import { SearchX } from "lucide-react"
import { useDeferredValue, useState } from "react"
import { toast } from "sonner"
import { Message } from "@/components/Message"
import { Button } from "@/components/ui/button"
import { useAuth } from "@/hooks/useAuth"
import type { Records } from "@/hooks/useRecords"
import { useReferences } from "@/hooks/useReferences"
import { mayChange } from "@/lib/access"
import { type Columns, errorText, type Row } from "@/lib/database"
import { ordersOf } from "@/lib/record-order"
import { search, titleOf } from "@/lib/record-text"
import type { Resource } from "@/lib/resource"
import { capitalised, countOf } from "@/lib/words"
import { DeleteDialog } from "./DeleteDialog"
import { ListToolbar } from "./ListToolbar"
import { RecordCard } from "./RecordCard"

const pageSize = 60

interface RecordListProps {
  resource: Resource
  references?: Resource[]
  list: Records<Row, Columns, Columns>
}

/** Searches and sorts what is loaded of a list, and says where that is not all. */
export function RecordList({ resource, references: resources, list }: RecordListProps) {
  const { singular, plural } = resource
  const { records, remove } = list
  const { user } = useAuth()
  const references = useReferences(resource, resources)
  const [query, setQuery] = useState("")
  const wanted = useDeferredValue(query)
  const [order, setOrder] = useState("newest")
  const [room, setRoom] = useState(pageSize)
  const [leaving, setLeaving] = useState<Row | null>(null)

  const orders = ordersOf(resource, references)
  const found = search(resource, records, references, wanted)
  const sorted = found.toSorted(orders.find(({ id }) => id === order)?.compare)

  async function deleteRecord(record: Row) {
    const { error } = await remove(record.id)
    if (error) toast.error(errorText(error))
    else toast.success(`${capitalised(singular)} deleted`)
  }

  return (
    <>
      <ListToolbar plural={plural} query={query} onQuery={setQuery} orders={orders} order={order} onOrder={setOrder} />
      {list.hasMore && <NotAllLoaded plural={plural} list={list} />}
      <p role="status" className={wanted.trim() ? "mb-4 text-sm text-muted-foreground" : "sr-only"}>
        {countOf(found.length, singular, plural)} found
      </p>
      {found.length === 0 ? (
        <Message icon={SearchX} title={`No ${plural} match`} actions={<Button variant="outline" onClick={() => setQuery("")}>Clear search</Button>}>
          Nothing holds “{wanted.trim()}”. Try fewer or shorter words.
        </Message>
      ) : (
        <ul className="grid grid-cols-1 gap-4 sm:grid-cols-2 lg:grid-cols-3">
          {sorted.slice(0, room).map((record) => (
            <li key={record.id} className="grid min-w-0">
              <RecordCard
                resource={resource}
                record={record}
                references={references}
                onDelete={mayChange(record, user) ? () => setLeaving(record) : undefined}
              />
            </li>
          ))}
        </ul>
      )}
      {found.length > room && (
        <div className="mt-8 text-center">
          <Button variant="outline" onClick={() => setRoom(room + pageSize)}>
            Show more
          </Button>
        </div>
      )}
      <DeleteDialog
        title={leaving && titleOf(resource, leaving, references)}
        onConfirm={() => leaving && void deleteRecord(leaving)}
        onClose={() => setLeaving(null)}
      />
    </>
  )
}

function NotAllLoaded({ plural, list: { records, total, loadMore } }: { plural: string; list: Records<Row, Columns, Columns> }) {
  const [busy, setBusy] = useState(false)

  async function load() {
    setBusy(true)
    await loadMore()
    setBusy(false)
  }

  return (
    <div className="mb-6 flex flex-wrap items-center justify-between gap-3 rounded-xl border bg-muted/50 px-4 py-3 text-sm">
      <p>
        The newest {records.length.toLocaleString()} of {total.toLocaleString()} {plural} are here. Only these are searched and sorted.
      </p>
      <Button variant="outline" size="sm" disabled={busy} onClick={() => void load()}>
        Load more
      </Button>
    </div>
  )
}
