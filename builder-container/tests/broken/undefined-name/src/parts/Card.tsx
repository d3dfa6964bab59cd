export function Card(props: { children: string; onClick: () => void }) {
  return <div onClick={props.onClick}>{props.children}</div>
}
