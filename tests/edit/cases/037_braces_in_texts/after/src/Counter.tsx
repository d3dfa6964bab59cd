import { useState } from "react"

export function Counter() {
  const [count, setCount] = useState(0)
  const shape = "}}} ({["; // } ] )
  const { a, ...rest } = { a: 1, b: /[}\]]/ }
  return <button title={`${shape} ${"}"}`} {...rest}>{count} {"{"} {a}</button>
}
