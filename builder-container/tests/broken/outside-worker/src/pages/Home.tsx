export function Home() {
  const worker = new Worker(new URL("./count.ts", import.meta.url), { type: "module" })
  return <p onClick={() => worker.terminate()}>stop</p>
}
