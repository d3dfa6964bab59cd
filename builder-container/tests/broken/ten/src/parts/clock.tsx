export function Clock(): React.ReactNode {
  const now = undefined as unknown as Date
  return <time>{now.toISOString()}</time>
}
