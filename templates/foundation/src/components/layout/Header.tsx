import { NavLink } from "react-router"
import { navigation } from "@/app/navigation"
import { cn } from "@/lib/cn"
import { Brand } from "./Brand"
import { MobileMenu } from "./MobileMenu"
import { ThemeMenu } from "./ThemeMenu"
import { UserMenu } from "./UserMenu"

export function Header() {
  return (
    <header className="sticky top-0 z-40 border-b border-border/70 bg-background/75 backdrop-blur-xl">
      <div className="mx-auto flex h-16 w-full max-w-6xl items-center gap-3 px-4 sm:px-6">
        <Brand />
        <nav aria-label="Main" className="hidden min-w-0 flex-1 gap-1 overflow-x-auto px-2 [scrollbar-width:none] md:flex">
          {navigation.map(({ label, to }) => (
            <NavLink
              key={to}
              to={to}
              end={to === "/"}
              className={({ isActive }) =>
                cn(
                  "rounded-lg px-3 py-2 text-sm font-medium whitespace-nowrap text-muted-foreground transition-colors outline-none hover:text-foreground focus-visible:ring-2 focus-visible:ring-ring focus-visible:ring-inset",
                  isActive && "bg-accent text-accent-foreground hover:text-accent-foreground",
                )
              }
            >
              {label}
            </NavLink>
          ))}
        </nav>
        <div className="ml-auto flex items-center gap-1.5">
          <ThemeMenu />
          <UserMenu />
          <MobileMenu />
        </div>
      </div>
    </header>
  )
}
