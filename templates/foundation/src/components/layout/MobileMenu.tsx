import { Layers, Menu } from "lucide-react"
import { useState } from "react"
import { NavLink } from "react-router"
import { navigation } from "@/app/navigation"
import { Button } from "@/components/ui/button"
import { Sheet, SheetContent, SheetTrigger } from "@/components/ui/sheet"
import { cn } from "@/lib/cn"

export function MobileMenu() {
  const [open, setOpen] = useState(false)
  return (
    <Sheet open={open} onOpenChange={setOpen}>
      <SheetTrigger asChild>
        <Button variant="ghost" size="icon" aria-label="Open menu" className="md:hidden">
          <Menu className="size-5!" />
        </Button>
      </SheetTrigger>
      <SheetContent title="Menu">
        <nav aria-label="Main" className="grid gap-1">
          {navigation.map(({ label, to, icon: Icon = Layers }) => (
            <NavLink
              key={to}
              to={to}
              end={to === "/"}
              onClick={() => setOpen(false)}
              className={({ isActive }) =>
                cn(
                  "flex min-h-12 items-center gap-3 rounded-xl px-3 font-medium outline-none hover:bg-muted focus-visible:ring-2 focus-visible:ring-ring",
                  isActive && "bg-accent text-accent-foreground hover:bg-accent",
                )
              }
            >
              <Icon aria-hidden className="size-5 shrink-0" />
              {label}
            </NavLink>
          ))}
        </nav>
      </SheetContent>
    </Sheet>
  )
}
