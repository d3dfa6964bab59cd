import text from "../../../../../run/worker.mjs?raw"

postMessage(text)
