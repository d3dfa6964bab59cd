import { useState } from "react"
import { Sparkles, Kitchen } from "lucide-react"
import confetti from "canvas-confetti"
import { list } from "@/lib/recipes"
import { round, percent } from "../lib/numbers"
import { Chart } from "./Chart"
import { Editor } from "./Editor"
import { menuTitle } from "../parts/menu"

export function Home() {
  const [count, setCount] = useState<number>("none")
  return (
    <main className="page" onClick={() => confetti()}>
      <Sparkles />
      <Kitchen />
      <p>{menuTitle}</p>
      <Chart values={list(round(count), percent(count))} />
      <Editor onSave={() => setCount(totl)} />
    </main>
  )
}
