export default function Later() {
  return <p>later, alone</p>
}
