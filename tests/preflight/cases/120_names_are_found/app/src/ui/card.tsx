export function Card(props: object) {
  return <div {...props} />
}
