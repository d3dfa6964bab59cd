// The tag is closed by another.
interface Props {
  title: string
}

export function Home({ title }: Props) {
  return <p>{title}</div>
}
