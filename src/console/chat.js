/**
 * The conversation of one app: its groups in order of time, and the box to go on with.
 *
 * Stays at the newest line while the reader is there, and leaves the page alone when they have scrolled up.
 */

import { appPath, newKey } from "./api.js";
import { now, observe } from "./clock.js";
import { announce, el, icon } from "./dom.js";
import { composer } from "./composer.js";
import { Prices } from "./cost.js";
import { modeChoice } from "./mode.js";
import { Turn } from "./turn.js";

/** Pixels from the end that still count as reading the newest line. */
const NEAR_END = 80;

/**
 * `send(text, key, mode)` posts a message and resolves to its turn's id, `cancel(turn)` stops one. `openFile`, `showPreview`, `model`,
 * `picture` as in `Turn`.
 */
export function chat({ appId, send, cancel, openFile, showPreview, model, picture }) {
  const opened = now();
  const turns = new Map();
  const order = [];
  const buildGroups = new Map();
  const prices = new Prices();
  let atEnd = true;
  let working = null;
  let outcome = null;
  /** Turns that were asked for and are not finished, the oldest first. */
  const unfinished = new Set();
  /** Those of them that somebody wants to stop. */
  const stopping = new Set();
  /** The turn whose question waits for an answer. */
  let asking = null;

  const empty = el("div", { class: "feed-empty" }, el("span", { class: "spinner" }), el("p", {}, "Loading the conversation"));
  const feed = el("div", { class: "feed", role: "log", "aria-live": "off", "aria-label": "Conversation", tabindex: "0", testid: "feed" }, empty);
  const jump = el("button", { type: "button", class: "jump", hidden: true, onclick: () => toEnd() }, icon("down"), "Latest");
  const mode = modeChoice(({ asks }) => box.ask(asks));
  const stopName = el("span");
  const stop = el("button", { type: "button", class: "stop", hidden: true, testid: "stop", onclick: () => halt(atWork()) }, icon("stop"), stopName);
  const post = async (text, key) => {
    const turn = await send(text, key, mode.value());
    atEnd = true;
    group(turn, now()).ask(text);
    grown();
  };
  const box = composer({ label: "Message", placeholder: mode.asks, draft: appId, before: mode.node, after: stop, intent: mode.value, submit: post });

  const toEnd = () => {
    atEnd = true;
    jump.hidden = true;
    feed.scrollTop = feed.scrollHeight;
  };
  const grown = () => {
    if (atEnd) feed.scrollTop = feed.scrollHeight;
    else jump.hidden = false;
  };
  feed.addEventListener("scroll", () => {
    atEnd = feed.scrollHeight - feed.scrollTop - feed.clientHeight < NEAR_END;
    if (atEnd) jump.hidden = true;
  }, { passive: true });
  // A phone's keyboard, a rotated screen or a hidden pane changes the height under the reader.
  const watcher = new ResizeObserver(() => atEnd && toEnd());
  watcher.observe(feed);

  /** The turn that Stop is about: the one that runs, or the one that will. */
  const atWork = () => working ?? unfinished.values().next().value ?? null;

  let drawing = null;
  const drawStop = () => {
    // History passes by in one go, and only what it ends with counts.
    drawing ??= requestAnimationFrame(() => {
      drawing = null;
      const turn = atWork();
      const isStopping = stopping.has(turn);
      const isLeft = document.activeElement === stop && (turn === null || isStopping);
      stop.hidden = turn === null;
      stop.disabled = isStopping;
      stopName.textContent = isStopping ? "Stopping…" : "Stop";
      if (isLeft) {
        stop.blur();
        refocus();
      }
    });
  };

  let uncomplain = () => {};
  /** Stops a turn; whether nothing stands in the way of that. */
  const halt = async (turn) => {
    if (turn === null || stopping.has(turn)) return false;
    stopping.add(turn);
    uncomplain();
    drawStop();
    try {
      await cancel(turn);
      return true;
    } catch (problem) {
      // One that is over has nothing to be stopped, and the feed says how it ended.
      if (problem.status === 409) return false;
      stopping.delete(turn);
      drawStop();
      uncomplain = box.complain(problem, () => halt(turn));
      return false;
    }
  };

  /** Whoever pressed a button that is no more goes on in the box; on glass that would bring up the keyboard. */
  const refocus = () => {
    if (document.activeElement === document.body && matchMedia("(pointer: fine)").matches) box.focus();
  };

  let live = null;
  const liveNow = (row) => {
    live?.set({ state: "done" });
    live = row;
  };
  const actions = {
    screenshot: (build) => appPath(appId, `/builds/${encodeURIComponent(build)}/screenshot`),
    async answer(text, key) {
      await post(text, key);
      refocus();
    },
    async takeBack(turn, text) {
      // Its words go back to where they can be changed, unless others are there.
      if ((await halt(turn)) && box.isEmpty()) box.fill(text);
      refocus();
    },
    openFile, showPreview, grown, liveNow, model, picture,
  };

  function group(id, at) {
    const known = id === null ? null : turns.get(id);
    if (known) return known;
    const last = order.at(-1);
    if (id === null && last?.id === null) return last;
    const made = new Turn(id, at, actions);
    if (id !== null) turns.set(id, made);
    const next = order.findIndex((one) => one.at > at);
    if (next === -1) {
      order.push(made);
      feed.append(made.node);
    } else {
      order[next].node.before(made.node);
      order.splice(next, 0, made);
    }
    empty.remove();
    return made;
  }

  /** What comes after a question is the answer, be it another turn that has waited. */
  const settle = (id) => {
    if (asking === null || asking.id === id) return;
    asking.settle(turns.get(id)?.words ?? null);
    asking = null;
  };

  /** Keeps count of the turns. */
  const follow = (event) => {
    if (event.kind === "message" && event.role === "user") {
      unfinished.add(event.turn);
      settle(event.turn);
    }
    if (event.kind === "question") asking = turns.get(event.turn);
    if (event.kind === "step_finished") prices.take(event);
    if (event.kind === "turn_started") {
      working = event.turn;
      settle(event.turn);
    }
    if (event.kind === "turn_finished") {
      unfinished.delete(event.turn);
      stopping.delete(event.turn);
      uncomplain();
      outcome = event.outcome;
      if (working === event.turn) working = null;
    }
    // What is wrong with the app since then is no matter of that turn's.
    if (event.kind === "build_finished" && event.status === "failed") outcome = null;
    if (working !== null) for (const id of unfinished) if (id !== working) turns.get(id)?.wait();
    drawStop();
  };

  return {
    node: el("section", { class: "chat", "aria-label": "Chat" }, el("div", { class: "feed-frame" }, feed, jump), el("div", { class: "chat-foot" }, box.node)),
    focus: box.focus,
    /** How the last turn ended, as far as the feed has said. */
    outcome: () => outcome,
    /** What the feed says of the prices of models. */
    prices,
    /** Takes one feed event; says it aloud when it is news and not history. */
    apply(event) {
      observe(event.at);
      // A build may go on after its group: its later events belong where it was queued.
      // What happens without a turn of its own belongs to the one that it happens in.
      const turn = event.turn ?? working ?? unfinished.values().next().value ?? null;
      const where = (event.build && buildGroups.get(event.build)) || group(turn, event.at);
      if (event.build) buildGroups.set(event.build, where);
      const sentence = where.apply(event);
      follow(event);
      if (sentence && event.at >= opened) announce(sentence);
      grown();
    },
    /** Called once the feed is connected: with nothing in it, this is an app nobody has spoken to. */
    connected() {
      setTimeout(() => {
        if (empty.isConnected) empty.replaceChildren(el("p", {}, "Nothing here yet. Say what this app should do."));
      }, 1500);
    },
    close() {
      watcher.disconnect();
    },
  };
}
