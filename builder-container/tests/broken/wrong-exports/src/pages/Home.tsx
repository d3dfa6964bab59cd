interface Recipe {
  title: string
}

export const recipe: Recipe = { title: "" }
import { foo } from "./Other"
import { NoSuchIcon } from "lucide-react"

export function Home() {
  return <p>{foo}<NoSuchIcon /></p>
}
