interface Recipe {
  title: string
}

export const recipe: Recipe = { title: "" }
import { foo } from "./Other"
import { NoSuchIcon } from "lucide-react"
import { Link, NoSuchLink } from "react-router"
import { Dialogue } from "radix-ui"
import nothing, {
  toast,
  bread,
} from "sonner"

export function Home() {
  toast(bread, nothing)
  return <p>{foo}<NoSuchIcon /><Link to="/" /><NoSuchLink /><Dialogue /></p>
}
