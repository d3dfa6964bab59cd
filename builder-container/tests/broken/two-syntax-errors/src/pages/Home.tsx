import { other } from "./Other"
export function Home() {
  const x = ;
  return <p>{other}</p>
}
