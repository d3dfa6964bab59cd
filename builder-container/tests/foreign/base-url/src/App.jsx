import Title from "components/Title"

export default function App({ theme, logo }) {
  return <Title style={theme} logo={logo} />
}
