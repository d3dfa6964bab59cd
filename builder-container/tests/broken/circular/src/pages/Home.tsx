import { labels } from "./labels"

export const title = "Recipes"

export function Home() {
  return <p>{labels.join(", ")}</p>
}
