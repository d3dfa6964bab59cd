export function App({ text }: { text: string }) {
  return <p>{text}</p>
}
