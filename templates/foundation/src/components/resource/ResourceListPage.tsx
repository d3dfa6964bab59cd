import { CircleAlert, Inbox, Plus, SearchX } from "lucide-react"
import { useDeferredValue, useState } from "react"
import { Link } from "react-router"
import { toast } from "sonner"
import { Message } from "@/components/Message"
import { PageHeading } from "@/components/PageHeading"
import { PageSkeleton } from "@/components/PageSkeleton"
import { Badge } from "@/components/ui/badge"
import { Button } from "@/components/ui/button"
import { usePageTitle } from "@/hooks/usePageTitle"
import { useRecords } from "@/hooks/useRecords"
import { useReferences } from "@/hooks/useReferences"
import type { Row } from "@/lib/database"
import { ordersOf } from "@/lib/record-order"
import { search, titleOf } from "@/lib/record-text"
import type { Resource } from "@/lib/resource"
import { capitalised, countOf } from "@/lib/words"
import { DeleteDialog } from "./DeleteDialog"
import { ListToolbar } from "./ListToolbar"
import { RecordCard } from "./RecordCard"

const pageSize = 60

/** The records of a resource: found, sorted, opened and deleted. */
export function ResourceListPage({ resource, references: resources }: { resource: Resource; references?: Resource[] }) {
  const { singular, plural, path } = resource
  const { records, loading, error, remove } = useRecords(resource.table)
  const references = useReferences(resource, resources)
  const [query, setQuery] = useState("")
  const wanted = useDeferredValue(query)
  const [order, setOrder] = useState("newest")
  const [room, setRoom] = useState(pageSize)
  const [leaving, setLeaving] = useState<Row | null>(null)
  usePageTitle(capitalised(plural))

  if (loading) return <PageSkeleton />
  if (error) {
    return (
      <Message icon={CircleAlert} heading="h1" title={`The ${plural} could not be read`}>
        {error.message}
      </Message>
    )
  }

  const orders = ordersOf(resource, references)
  const found = search(resource, records, references, wanted)
  const sorted = found.toSorted(orders.find(({ id }) => id === order)?.compare)

  async function deleteRecord(record: Row) {
    const { error: failure } = await remove(record.id)
    if (failure) toast.error(failure.message, { description: failure.hint })
    else toast.success(`${capitalised(singular)} deleted`)
  }

  return (
    <>
      <PageHeading
        title={capitalised(plural)}
        aside={records.length > 0 && <Badge>{records.length.toLocaleString()}</Badge>}
        actions={
          <Button asChild>
            <Link to={`/${path}/new`}>
              <Plus aria-hidden />
              New {singular}
            </Link>
          </Button>
        }
      />
      {records.length === 0 ? (
        <Message
          icon={Inbox}
          title={`No ${plural} yet`}
          actions={
            <Button asChild size="lg" variant="outline">
              <Link to={`/${path}/new`}>Add the first {singular}</Link>
            </Button>
          }
        >
          Everything you add is listed here, ready to search and sort.
        </Message>
      ) : (
        <>
          <ListToolbar plural={plural} query={query} onQuery={setQuery} orders={orders} order={order} onOrder={setOrder} />
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
                  <RecordCard resource={resource} record={record} references={references} onDelete={() => setLeaving(record)} />
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
        </>
      )}
      <DeleteDialog
        title={leaving && titleOf(resource, leaving, references)}
        onConfirm={() => leaving && void deleteRecord(leaving)}
        onClose={() => setLeaving(null)}
      />
    </>
  )
}
