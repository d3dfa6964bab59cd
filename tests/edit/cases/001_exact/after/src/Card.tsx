import { useState } from "react";

export function Card({ title }: { title: string }) {
  const [open, setOpen] = useState(false);

  if (!open) {
    return <button onClick={() => setOpen(true)}>{title}</button>;
  }

  return (
    <section>
      <h2>{title}</h2>
      <p>Nothing yet.</p>
      <p>Add one.</p>
      <button onClick={() => setOpen(false)}>Close</button>
    </section>
  );
}
