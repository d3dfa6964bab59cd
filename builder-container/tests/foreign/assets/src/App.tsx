import { lazy, Suspense, useEffect, useState } from "react"
import settings, { title } from "./settings.json"
import styles from "./App.module.css"
import moduleUrl from "./sum.wasm?url"
import licence from "./licence.txt?raw"
import Counter from "./count.worker?worker"
import icon from "./icon.svg"
import "./fonts.css"

const Later = lazy(() => import("./Later"))
const notes = import.meta.glob<{ text: string }>("./notes/*.ts", { eager: true })

export function App() {
  const [count, setCount] = useState(0)
  useEffect(() => {
    const classic = new Worker(new URL("./plain.ts", import.meta.url), { type: "module" })
    const worker = new Counter()
    worker.onmessage = (event: MessageEvent<number>) => setCount(event.data)
    return () => [worker, classic].forEach((one) => one.terminate())
  }, [])
  return (
    <main className={styles.page} title={licence}>
      <img src={icon} alt={title} />
      <a href={moduleUrl}>{settings.title}</a>
      <a href="/data/cities.json">{count}</a>
      {Object.values(notes).map((note) => (
        <p key={note.text}>{note.text}</p>
      ))}
      <Suspense>
        <Later />
      </Suspense>
    </main>
  )
}
