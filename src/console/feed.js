/**
 * Follows one app's feed, from any event on, for as long as it is open.
 *
 * Every event is handed over once and in order, however often the connection breaks. The reconnecting is done here
 * and not left to EventSource, which gives up for good on the first answer that is not 200.
 */

import { appPath, call } from "./api.js";

const KINDS = [
  "message", "turn_started", "step_started", "text_delta", "tool_delta", "attempt_voided", "step_finished", "question", "repair_started",
  "tool_call", "tool_result", "app_outlined", "app_checked", "file_changed", "version_created", "build_queued", "build_started",
  "build_log", "build_retrying", "build_finished", "preview_live", "deployment_changed", "approvals_changed", "variable_changed", "domain_changed", "alert_raised", "app_renamed",
  "turn_finished",
];

/** Waits between attempts, in milliseconds; the last one repeats. */
const PAUSES = [300, 700, 1500, 3000, 6000];

/**
 * Opens the feed after event `after`. `onEvent(data)` gets each event; `onState` gets `"connecting"`, `"live"`,
 * `"reconnecting"`, or `"gone"` when the app does not exist any more. Returns `{close, retry}`.
 */
export function openFeed(appId, { after = 0, onEvent, onState }) {
  let seen = after;
  let source = null;
  let timer = null;
  let failures = 0;
  let closed = false;

  const receive = (message) => {
    let data;
    try {
      data = JSON.parse(message.data);
    } catch {
      console.error("A feed event is not JSON", message.data);
      return;
    }
    const seq = Number(data.seq ?? message.lastEventId);
    if (!(seq > seen)) return;
    seen = seq;
    onEvent({ ...data, seq, kind: data.kind ?? message.type });
  };

  const connect = () => {
    timer = null;
    source = new EventSource(appPath(appId, `/feed?after=${seen}`));
    source.onopen = () => {
      failures = 0;
      onState("live");
    };
    source.onerror = () => lost();
    for (const kind of KINDS) source.addEventListener(kind, receive);
  };

  const lost = async () => {
    source?.close();
    source = null;
    if (closed) return;
    onState("reconnecting");
    const pause = PAUSES[Math.min(failures, PAUSES.length - 1)];
    failures += 1;
    if (failures > 1) {
      // EventSource hides the status, so an ordinary call finds out whether waiting can help.
      try {
        await call("GET", appPath(appId));
      } catch (problem) {
        if (problem.status === 401 || problem.status === 404) {
          closed = true;
          if (problem.status === 404) onState("gone");
        }
      }
    }
    if (!closed && timer === null && source === null) timer = setTimeout(connect, pause * (0.75 + Math.random() / 2));
  };

  const retry = () => {
    if (closed || timer === null) return;
    clearTimeout(timer);
    failures = 0;
    connect();
  };

  window.addEventListener("online", retry);
  onState("connecting");
  connect();
  return {
    retry,
    close() {
      closed = true;
      clearTimeout(timer);
      source?.close();
      window.removeEventListener("online", retry);
    },
  };
}
