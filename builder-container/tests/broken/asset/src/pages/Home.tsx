import logo from "../logo.png"
export function Home() {
  return <img src={logo} alt="" />
}
