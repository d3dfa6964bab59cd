// What matches is not told: the pattern lists the folders of whoever builds.
const found = import.meta.glob("/../../../run/*.mjs", { eager: true, query: "?raw" })

export function Home() {
  return <p>{JSON.stringify(found)}</p>
}
