export function Home({ name }: { name: string }) {
  const where = new URL(`../../../../../run/${name}.mjs`, import.meta.url)
  return <img src={where.href} alt="" />
}
