export function Page() {
  const [count, setCount] = useState(0)
  return <Card onClick={() => setCount(count + 1)}><House /><Link to="/">{cn(count)}</Link></Card>
}
