export function Home() {
  const [open, setOpen] = useState(false)
  return <Card onClick={() => setOpen(!open)}>{open ? formatDate(today) : "…"}</Card>
}
