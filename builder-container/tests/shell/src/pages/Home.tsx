export function Home() {
  return <p className="underline">{import.meta.env.DEV ? "in development" : "in production"}</p>
}
