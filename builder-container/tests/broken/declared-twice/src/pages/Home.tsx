interface Recipe {
  title: string
}

const a: Recipe = { title: "one" }
const a: Recipe = { title: "two" }

export function Home() {
  return <p>{a.title}</p>
}
