import { save } from "../lib/save"

export function Editor({ onSave }: { onSave: () => void }) {
  const title: string = 7
  return <button onClick={() => save(title, onSave)}>Save {titel}</button>
}
