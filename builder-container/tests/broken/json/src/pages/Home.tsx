import data from "../data.json"
export function Home() {
  return <p>{data.a}</p>
}
