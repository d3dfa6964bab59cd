export default function Page() {
  return <p>Next</p>
}
