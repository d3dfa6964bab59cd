interface Recipe {
  title: string
}

import { a } from "./nope"
import { b } from "@/lib/nope"
import pad from "left-pad"
import deep from "@acme/kit/deep"
import sub from "react-router/nope"
import "./nope.css"

export function Home({ title }: Recipe) {
  import("left-pad/lazy")
  return <p>{a}{b}{pad}{deep}{sub}{title}</p>
}
