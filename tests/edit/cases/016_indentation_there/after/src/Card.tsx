import { useState } from "react";

export function Card({ title }: { title: string }) {
  const [open, setOpen] = useState(false);

  if (!open) {
    return <button onClick={() => setOpen(true)}>{title}</button>;
  }

  return (
    <section>
      <h2>{title}</h2>
      <ul>
        <li>One</li>
      </ul>
      <button onClick={() => setOpen(false)}>Close</button>
    </section>
  );
}
