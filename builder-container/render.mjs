// The render check: starts Chromium, loads a built app page by page, and says what went wrong there.
//
// It is trusted, what it loads is not. Every request of a page is answered here, out of the folder of artifacts, as an
// app's own Worker answers; there is no network. What is said is bounded. Every message is one line of JSON.
//   in   {"out","pages","page_ms","limit_ms","screenshot"}    what was built; addresses; limits; a file to write
//   out  {"type":"ready"}
//        {"type":"rendered","pages":[{"path","title","ms","empty","problems"}],"screenshot"}   whether there is one
//   a problem: {"kind","message","frames":[{"file","line","column"}]}, positions in the sources where there are maps;
//   kinds: thrown, rejected, caught (by an error boundary), console, missing (a file), external (what needs a network),
//   late, crashed
import { spawn } from "node:child_process"
import { readFileSync, statSync, writeFileSync } from "node:fs"
import { SourceMap } from "node:module"
import { extname, join, posix } from "node:path"

/** Where the app believes to be: a secure context, and nobody's address. */
const ORIGIN = "http://app.localhost"
/** Pages that are loaded. */
const PAGES = 8
/** Pages that are loaded at once, after the first. */
const TABS = 2
/** Problems of one page that are told. */
const MOST = 20
/** Frames of one problem. */
const FRAMES = 12
/** Characters of a text. */
const LONGEST = 1_000
/** A page is looked at when nothing has happened for so long, in milliseconds. */
const REST = 150
/** How many times its time a page gets that shows nothing yet and still answers: the machine may have other things to do. */
const PATIENCE = 3
/** How long a page that goes elsewhere may take to get there, in milliseconds: some never do, such as one that opens a mail. */
const LEAVING = 1_000
/** Bytes of a screenshot. */
const SCREENSHOT = 512 * 1024

/** What an app's address serves besides its files: its database, its accounts and its functions. None is here, as when a shard does not answer. */
const SERVICES = /^\/(rest|auth)\/v1\//
const ABSENT = JSON.stringify({ code: "PGRST000", message: "There is no database here.", details: null, hint: null, error_code: "unavailable", msg: "There is no database here." })

/** Where `functions.mjs` puts functions. Nothing in it is served. */
const FUNCTIONS = "overskill-functions"

const isOfFunction = (out, path) => {
  const [, name] = /^\/api\/([a-z0-9-]+)(?:\/|$)/.exec(path) ?? []
  return name !== undefined && isFile(join(out, FUNCTIONS, `${name}.js`))
}

const FLAGS = [
  "--headless",
  "--remote-debugging-pipe",
  // Its own would need namespaces inside of ours.
  "--no-sandbox",
  "--no-zygote",
  "--disable-gpu",
  "--disable-dev-shm-usage",
  "--disable-background-networking",
  "--disable-breakpad",
  "--disable-component-update",
  "--disable-extensions",
  "--disable-sync",
  "--disable-features=MediaRouter,OptimizationHints,Translate",
  "--host-resolver-rules=MAP * ~NOTFOUND",
  "--hide-scrollbars",
  "--mute-audio",
  "--no-default-browser-check",
  "--no-first-run",
  "--window-size=1280,800",
]

const TYPES = {
  css: "text/css",
  gif: "image/gif",
  html: "text/html; charset=utf-8",
  ico: "image/x-icon",
  jpeg: "image/jpeg",
  jpg: "image/jpeg",
  js: "text/javascript",
  json: "application/json",
  mjs: "text/javascript",
  mp4: "video/mp4",
  png: "image/png",
  svg: "image/svg+xml",
  txt: "text/plain",
  wasm: "application/wasm",
  webmanifest: "application/manifest+json",
  webp: "image/webp",
  woff: "font/woff",
  woff2: "font/woff2",
}

const say = (message) => new Promise((done) => process.stdout.write(`${JSON.stringify(message)}\n`, done))
const clip = (text) => String(text ?? "").slice(0, LONGEST)
const sleep = (ms) => new Promise((done) => setTimeout(done, ms))

/** Speaks the DevTools protocol over a pipe: JSON, a zero byte after each message. */
class Chromium {
  #next = 0
  #waiting = new Map()
  #tabs = new Map()
  #input

  constructor(program) {
    const child = spawn(program, [...FLAGS, "about:blank"], { stdio: ["ignore", "ignore", "inherit", "pipe", "pipe"] })
    const end = (error) => {
      for (const { fail } of this.#waiting.values()) fail(error)
    }
    child.on("exit", (code, signal) => end(new Error(`Chromium ended (${code ?? signal})`)))
    child.on("error", end)
    this.#input = child.stdio[3].on("error", end)
    let rest = ""
    child.stdio[4].setEncoding("utf8").on("data", (text) => {
      const messages = (rest + text).split("\0")
      rest = messages.pop()
      for (const message of messages) this.#take(JSON.parse(message))
    })
  }

  #take({ id, sessionId, method, params, result, error }) {
    if (id === undefined) return this.#tabs.get(sessionId)?.(method, params)
    const { done, fail } = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error) fail(new Error(error.message))
    else done(result)
  }

  send(method, params = {}, sessionId = undefined) {
    const id = ++this.#next
    return new Promise((done, fail) => {
      this.#waiting.set(id, { done, fail })
      this.#input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`)
    })
  }

  /** A fresh tab: its name, how to send to it, and how to close it. `listener` hears its events. */
  async tab(listener) {
    const { targetId } = await this.send("Target.createTarget", { url: "about:blank" })
    const { sessionId } = await this.send("Target.attachToTarget", { targetId, flatten: true })
    this.#tabs.set(sessionId, listener)
    const send = (method, params) => this.send(method, params, sessionId)
    return { targetId, send, close: () => this.send("Target.closeTarget", { targetId }) }
  }
}

/** Whether a file is there: none is whose name no file can have. */
const isFile = (path) => {
  try {
    return statSync(path, { throwIfNoEntry: false })?.isFile() ?? false
  } catch {
    return false
  }
}

/** The file that answers a request, as the Worker of an app chooses it; nothing when it says 404. */
const fileFor = (out, url, isPage) => {
  let path
  try {
    path = decodeURIComponent(url.pathname)
  } catch {
    return null
  }
  const file = join(out, posix.normalize(`/${path}`))
  if (isFile(file) && !file.startsWith(join(out, FUNCTIONS, "/"))) return file
  const wantsPage = isPage && !path.startsWith("/assets/") && !TYPES[extname(path).slice(1).toLowerCase()]
  return wantsPage || path === "/" ? join(out, "index.html") : null
}

/** Where `at` is in the sources, as the map beside the file says; else where it is in what was built. */
const positions = (out) => {
  const maps = new Map()
  const mapOf = (path) => {
    if (!maps.has(path)) {
      let map = null
      try {
        map = new SourceMap(JSON.parse(readFileSync(join(out, `${path}.map`), "utf8")))
      } catch {}
      maps.set(path, map)
    }
    return maps.get(path)
  }
  return ({ url, line, column }) => {
    let { pathname } = new URL(url)
    try {
      pathname = decodeURI(pathname)
    } catch {}
    const path = posix.normalize(pathname).slice(1)
    const entry = mapOf(path)?.findEntry(line - 1, column - 1)
    if (entry?.originalSource === undefined) return { file: path, line, column }
    const file = posix.join(posix.dirname(path), entry.originalSource)
    return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1 }
  }
}

/** The places of a stack that lie in the app. */
const places = (stack) =>
  [...String(stack ?? "").matchAll(/(http:\/\/app\.localhost\/[^\s)]*):(\d+):(\d+)/g)]
    .slice(0, FRAMES)
    .map(([, url, line, column]) => ({ url, line: Number(line), column: Number(column) }))

/** Loads one page and looks at it. */
const visit = async (chromium, out, path, { page_ms, end }, shoot) => {
  const begun = performance.now()
  const [usual, limit] = [1, PATIENCE].map((times) => Math.min(end, begun + times * page_ms))
  const problems = []
  const external = new Set()
  const locate = positions(out)
  const tell = (kind, message, stack = []) => {
    if (problems.length < MOST) problems.push({ kind, message: clip(message), frames: stack.map(locate) })
  }
  let busy = 0
  let changed = performance.now()
  let loaded = false
  let left = -LEAVING
  let crash
  const crashed = new Promise((done) => (crash = done))
  const answer = async ({ requestId, request, resourceType }) => {
    const url = new URL(request.url)
    if (url.protocol === "data:" || url.protocol === "blob:") return send("Fetch.continueRequest", { requestId })
    if (url.origin !== ORIGIN) {
      if (external.size < MOST) external.add(url.host)
      return send("Fetch.failRequest", { requestId, errorReason: "InternetDisconnected" })
    }
    if (SERVICES.test(url.pathname) || isOfFunction(out, url.pathname)) {
      const responseHeaders = [{ name: "content-type", value: "application/json" }]
      return send("Fetch.fulfillRequest", { requestId, responseCode: 503, responseHeaders, body: Buffer.from(ABSENT).toString("base64") })
    }
    const file = request.method === "GET" ? fileFor(out, url, resourceType === "Document") : null
    if (!file) {
      // Browsers ask for it unasked.
      if (url.pathname !== "/favicon.ico") tell("missing", `${url.pathname} is not there`)
      return send("Fetch.fulfillRequest", { requestId, responseCode: 404, body: "" })
    }
    const type = TYPES[extname(file).slice(1).toLowerCase()] ?? "application/octet-stream"
    return send("Fetch.fulfillRequest", {
      requestId,
      responseCode: 200,
      responseHeaders: [{ name: "content-type", value: type }],
      body: readFileSync(file).toString("base64"),
    })
  }
  const { targetId, send, close } = await chromium.tab((method, params) => {
    if (method === "Fetch.requestPaused") {
      busy += 1
      changed = performance.now()
      answer(params)
        .catch(() => {})
        .finally(() => {
          busy -= 1
          changed = performance.now()
        })
    } else if (method === "Page.loadEventFired") loaded = true
    // What was answered is on its way to the page, or has come.
    else if (method.startsWith("Network.")) changed = performance.now()
    // It reloads itself, or goes elsewhere: what is there now is not what is to be seen.
    else if (method === "Page.frameRequestedNavigation" && params.frameId === targetId) left = performance.now()
    else if (method === "Page.frameNavigated" && params.frame.id === targetId) {
      left = -LEAVING
      loaded = false
    }
    // A question waits for an answer, and the page with it.
    else if (method === "Page.javascriptDialogOpening") send("Page.handleJavaScriptDialog", { accept: true }).catch(() => {})
    else if (method === "Inspector.targetCrashed") {
      tell("crashed", "the page has crashed the browser")
      crash(null)
    }
    else if (method === "Runtime.exceptionThrown") {
      changed = performance.now()
      const { exceptionDetails: details } = params
      const said = details.exception?.description ?? details.exception?.value ?? details.text
      const stack = places(said)
      if (stack.length === 0)
        for (const frame of details.stackTrace?.callFrames ?? [])
          if (frame.url.startsWith(ORIGIN) && stack.length < FRAMES)
            stack.push({ url: frame.url, line: frame.lineNumber + 1, column: frame.columnNumber + 1 })
      const kind = details.text.includes("(in promise)") ? "rejected" : "thrown"
      tell(kind, headline(said), stack)
    } else if (method === "Runtime.consoleAPICalled" && params.type === "error") {
      const error = params.args.find((argument) => argument.subtype === "error")
      const said = params.args.map((argument) => argument.value ?? argument.description ?? "").join(" ")
      const own = (params.stackTrace?.callFrames ?? [])
        .filter((frame) => frame.url.startsWith(ORIGIN))
        .slice(0, FRAMES)
        .map((frame) => ({ url: frame.url, line: frame.lineNumber + 1, column: frame.columnNumber + 1 }))
      if (error) tell("caught", headline(error.description), places(error.description))
      else tell("console", said, own)
    }
  })
  for (const domain of ["Page", "Runtime", "Inspector"]) await send(`${domain}.enable`)
  await send("Emulation.setDeviceMetricsOverride", { width: 1280, height: 800, deviceScaleFactor: 1, mobile: false })
  // What fades in is seen as it will be.
  await send("Emulation.setEmulatedMedia", { features: [{ name: "prefers-reduced-motion", value: "reduce" }] })
  await send("Network.enable", { maxTotalBufferSize: 0, maxResourceBufferSize: 0 })
  await send("Fetch.enable", { patterns: [{ urlPattern: "*" }] })
  const page = { path, title: "", ms: 0, empty: true, problems }
  // A page that never stops computing answers nothing, and is not asked again.
  let over = false
  crashed.then(() => (over = true))
  const answered = async (asked) => {
    const answer = over ? null : await Promise.race([asked(), crashed, sleep(Math.max(0, Math.min(page_ms, limit - performance.now()))).then(() => null)])
    if (answer === null) over = true
    return answer
  }
  const evaluate = async (expression) => (await answered(() => send("Runtime.evaluate", { expression, returnByValue: true })))?.result?.value ?? null
  await answered(() => send("Page.navigate", { url: ORIGIN + path }))
  let rests = false
  while (!over && !rests && performance.now() < (page.empty ? limit : usual)) {
    const asked = performance.now()
    page.empty = (await evaluate(IS_EMPTY)) !== false
    // It was at work.
    if (performance.now() - asked > REST) changed = performance.now()
    const staying = performance.now() - left > LEAVING
    const resting = staying && busy === 0 && performance.now() - changed > REST
    rests = loaded && resting && (!page.empty || performance.now() - changed > 5 * REST)
    if (!rests) await sleep(25)
  }
  const hasCrashed = problems.some(({ kind }) => kind === "crashed")
  if (!rests && !hasCrashed) tell("late", "the page was still at work when its time was up")
  const links = (await evaluate(LINKS)) ?? []
  page.title = clip(await evaluate("document.title"))
  // What fails for want of a network says nothing about the app.
  for (const problem of problems)
    if (external.size > 0 && /Failed to fetch|NetworkError|ERR_INTERNET|Network request failed/.test(problem.message))
      problem.kind = "external"
  for (const host of external) tell("external", `${host} was asked for something: there is no network here`)
  let screenshot = null
  if (shoot && rests) {
    const shot = await answered(() => send("Page.captureScreenshot", { format: "webp", quality: 60 }))
    if (shot && shot.data.length * 0.75 <= SCREENSHOT) screenshot = Buffer.from(shot.data, "base64")
  }
  page.ms = Math.round(performance.now() - begun)
  // Its memory is needed for the next one. A page that never stops is not waited for.
  close().catch(() => {})
  return { page, links, screenshot }
}

const headline = (text) => String(text).split("\n    at ")[0]

/** Whether there is nothing to see anywhere: no text, no picture, nothing to fill in. Web components have trees of their own. */
const IS_EMPTY = `(() => {
  const things = "img, svg, canvas, video, audio, iframe, object, embed, input, textarea, select, button, meter, progress"
  const shows = (element) => element.matches(things) || (element.innerText ?? "").trim() !== ""
  const isEmpty = (tree) =>
    ![...tree.children].some(shows) &&
    !tree.querySelector(things) &&
    [...tree.querySelectorAll("*")].every((element) => !element.shadowRoot || isEmpty(element.shadowRoot))
  return !document.body || (document.body.innerText.trim() === "" && isEmpty(document.body))
})()`

/** Where the page links to within the app. */
const LINKS = `[...document.querySelectorAll("a[href]")].map((link) => new URL(link.href, location.href))
  .filter((url) => url.origin === location.origin).map((url) => url.pathname).slice(0, 50)`

const run = async (chromium, { out, pages, page_ms, limit_ms, screenshot }) => {
  const end = performance.now() + limit_ms
  const look = async (path) => {
    return await visit(chromium, out, path, { page_ms, end }, path === "/")
  }
  const start = await look("/")
  if (start.screenshot) writeFileSync(screenshot, start.screenshot)
  const more = [...new Set([...start.links, ...pages])].filter((path) => path !== "/").slice(0, PAGES - 1)
  const looked = []
  const waiting = more.entries()
  const tab = async () => {
    for (const [position, path] of waiting) {
      if (performance.now() >= end) return
      looked[position] = (await look(path)).page
    }
  }
  await Promise.all(Array.from({ length: TABS }, tab))
  // Those for which there was no time are not in it.
  const all = [start.page, ...looked.filter((page) => page)]
  await say({ type: "rendered", pages: all, screenshot: start.screenshot !== null })
}

let received = ""
let jobs
const job = new Promise((resolve) => (jobs = resolve))
process.stdin.setEncoding("utf8").on("data", (text) => {
  received += text
  const end = received.indexOf("\n")
  if (end >= 0) jobs(JSON.parse(received.slice(0, end)))
})
// The supervisor is gone: nobody waits for a result.
process.stdin.on("end", () => process.exit(0))

const chromium = new Chromium(process.argv[2])
await chromium.send("Browser.getVersion")
await say({ type: "ready" })
await run(chromium, await job)
process.exit(0)
