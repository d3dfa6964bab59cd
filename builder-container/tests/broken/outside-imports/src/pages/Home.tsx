import text from "../../../../../run/worker.mjs?raw"
import address from "../../../../../run/worker.mjs?url"
import inline from "../../../../../run/warm/index.html?url&inline"
import settings from "../../../../../run/warm/tsconfig.json"
import * as code from "../../../../../run/fence.mjs"
import alias from "@/../../../../run/worker.mjs?raw"
import nothing from "../../../../../run/no-such-file?raw"
import style from "../../../../../run/warm/src/main.css?inline"

export function Home() {
  const later = () => import("../../../../../run/types.mjs?raw")
  return <p onClick={later}>{String([text, address, inline, settings, code, alias, nothing, style])}</p>
}
