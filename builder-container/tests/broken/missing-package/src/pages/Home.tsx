import confetti from "canvas-confetti"

export function Home() {
  return <button onClick={() => confetti()}>Celebrate</button>
}
