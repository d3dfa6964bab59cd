const named = (person) => person.name.toUpperCase()

export default function App() {
  const first: { name: string } = null
  return <h1 className="text-brand">{first ? named(first) : "Nobody"}</h1>
}
