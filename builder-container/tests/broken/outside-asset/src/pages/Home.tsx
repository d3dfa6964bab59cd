export function Home() {
  const where = new URL("../../../../../run/worker.mjs", import.meta.url)
  return <img src={where.href} alt="" />
}
