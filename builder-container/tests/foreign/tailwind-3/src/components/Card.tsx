export function Card() {
  return (
    <article className="container animate-in fade-in rounded-lg border bg-primary/50 font-sans text-primary-foreground dark:bg-primary prose lg:prose-xl">
      <div className="animate-accordion-down rounded-md w-wide scrollbar-thin shadow-sm ring-1" />
    </article>
  )
}
