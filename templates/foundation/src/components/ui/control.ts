/** The look shared by everything one types into or chooses from. */
export const control =
  "w-full rounded-xl border border-input bg-surface text-base shadow-xs transition-[border-color,box-shadow] outline-none placeholder:text-muted-foreground focus-visible:border-primary focus-visible:ring-3 focus-visible:ring-primary/25 disabled:opacity-55 aria-invalid:border-destructive aria-invalid:focus-visible:ring-destructive/25 sm:text-sm"
