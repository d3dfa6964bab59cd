import { Link } from "react-router"
import { initialOf } from "@/app/favicon"
import { identity } from "@/app/identity"

export function Brand() {
  return (
    <Link
      to="/"
      aria-label={`${identity.name}, start page`}
      className="flex min-w-0 items-center gap-2.5 rounded-xl pr-2 outline-none focus-visible:ring-2 focus-visible:ring-ring"
    >
      <BrandMark className="size-8 rounded-[10px] text-base" />
      <span className="max-w-44 truncate font-semibold tracking-tight">{identity.name}</span>
    </Link>
  )
}

export function BrandMark({ className }: { className: string }) {
  return (
    <span
      aria-hidden
      className={`grid shrink-0 place-items-center bg-linear-to-br from-primary to-primary-far font-bold text-primary-foreground shadow-sm ${className}`}
    >
      {initialOf(identity.name)}
    </span>
  )
}
