import { useState } from "react"

/** Four lines of a long text, and the rest on request. */
export function LongText({ text }: { text: string }) {
  const [open, setOpen] = useState(false)
  const isLong = text.length > 180 || text.split("\n").length > 4
  return (
    <div>
      <p className={`break-words whitespace-pre-line ${isLong && !open ? "line-clamp-4" : ""}`}>{text}</p>
      {isLong && (
        <button
          type="button"
          aria-expanded={open}
          onClick={() => setOpen(!open)}
          className="mt-1 rounded-md text-sm font-medium text-primary outline-none hover:underline focus-visible:ring-2 focus-visible:ring-ring"
        >
          {open ? "Show less" : "Show more"}
        </button>
      )}
    </div>
  )
}
