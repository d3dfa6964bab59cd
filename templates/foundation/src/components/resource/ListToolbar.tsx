import { Search } from "lucide-react"
import { Input } from "@/components/ui/input"
import { Select } from "@/components/ui/select"
import type { RecordOrder } from "@/lib/record-order"

interface ListToolbarProps {
  plural: string
  query: string
  onQuery: (query: string) => void
  orders: RecordOrder[]
  order: string
  onOrder: (id: string) => void
}

export function ListToolbar({ plural, query, onQuery, orders, order, onOrder }: ListToolbarProps) {
  return (
    <div role="search" className="mb-6 flex flex-col gap-3 sm:flex-row">
      <span className="relative block flex-1">
        <Search aria-hidden className="pointer-events-none absolute top-1/2 left-3.5 size-4 -translate-y-1/2 text-muted-foreground" />
        <Input
          type="search"
          aria-label={`Search ${plural}`}
          placeholder={`Search ${plural}`}
          autoComplete="off"
          value={query}
          onChange={(event) => onQuery(event.target.value)}
          className="pl-10"
        />
      </span>
      <div className="sm:w-60">
        <Select aria-label={`Sort ${plural}`} value={order} onChange={(event) => onOrder(event.target.value)}>
          {orders.map(({ id, label }) => (
            <option key={id} value={id}>
              {label}
            </option>
          ))}
        </Select>
      </div>
    </div>
  )
}
