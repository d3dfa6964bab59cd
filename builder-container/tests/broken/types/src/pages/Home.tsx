type Recipe = { title: string; minutes: number }

const soup: Recipe = { title: "Soup", minutes: "ten" }

export function Home() {
  return (
    <p>
      {soup.title} takes {soup.minuets} minutes
    </p>
  )
}
