import { Recipe } from "./Recipe"

const recipe: Recipe = { title: "Soup" }

export function Home() {
  return <p>{recipe.title}</p>
}
