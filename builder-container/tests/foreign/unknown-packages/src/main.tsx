import { createRoot } from "react-dom/client"
import { thing } from "no-such-package-of-ours"
import other from "another-one-that-is-not/there"

createRoot(document.getElementById("root")!).render(<p>{thing(other)}</p>)
