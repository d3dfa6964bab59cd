import { Legend } from "./Legend"

export function Chart({ values }: { values: number[] }) {
  return (
    <section>
      <Legend names={names}>
      {values.map((value) => (
        <p key={value}>{value}</p>
      ))}
    </section>
  )
}
