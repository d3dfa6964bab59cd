import { KeyRound, LayoutDashboard, LogOut } from "lucide-react"
import { Link, useNavigate } from "react-router"
import { toast } from "sonner"
import type { User } from "@/auth/types"
import { Button } from "@/components/ui/button"
import { DropdownMenu, DropdownMenuContent, DropdownMenuItem, DropdownMenuLabel, DropdownMenuSeparator, DropdownMenuTrigger } from "@/components/ui/dropdown-menu"
import { useAuth } from "@/hooks/useAuth"

export function UserMenu() {
  const { user, loading } = useAuth()
  if (loading) return null
  if (user) return <AccountMenu user={user} />
  return (
    <Button asChild size="sm">
      <Link to="/login">Sign in</Link>
    </Button>
  )
}

function AccountMenu({ user }: { user: User }) {
  const { signOut } = useAuth()
  const navigate = useNavigate()
  const name = user.user_metadata.name ?? user.email

  async function leave() {
    const left = signOut()
    await navigate("/", { flushSync: true })
    await left
    toast.success("Signed out")
  }

  return (
    <DropdownMenu modal={false}>
      <DropdownMenuTrigger asChild>
        <Button variant="ghost" size="icon" aria-label="Account" className="rounded-full">
          <span aria-hidden className="grid size-8 place-items-center rounded-full bg-accent text-sm font-semibold text-accent-foreground">
            {name.charAt(0).toUpperCase()}
          </span>
        </Button>
      </DropdownMenuTrigger>
      <DropdownMenuContent className="w-60">
        <DropdownMenuLabel>
          <span className="block truncate font-medium">{name}</span>
          {name !== user.email && <span className="block truncate text-muted-foreground">{user.email}</span>}
        </DropdownMenuLabel>
        <DropdownMenuSeparator />
        <DropdownMenuItem asChild>
          <Link to="/dashboard">
            <LayoutDashboard aria-hidden />
            Dashboard
          </Link>
        </DropdownMenuItem>
        <DropdownMenuItem asChild>
          <Link to="/update-password">
            <KeyRound aria-hidden />
            Change password
          </Link>
        </DropdownMenuItem>
        <DropdownMenuSeparator />
        <DropdownMenuItem onSelect={() => void leave()}>
          <LogOut aria-hidden />
          Sign out
        </DropdownMenuItem>
      </DropdownMenuContent>
    </DropdownMenu>
  )
}
