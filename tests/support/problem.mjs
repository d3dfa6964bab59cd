// What an error has to look like: a problem document (RFC 9457) that says what to do.
import assert from "node:assert/strict";

const STATUS = {
  invalid: 400,
  unauthenticated: 401,
  forbidden: 403,
  not_found: 404,
  method_not_allowed: 405,
  conflict: 409,
  too_large: 413,
  unprocessable: 422,
  precondition_required: 428,
  not_implemented: 501,
  unavailable: 503,
};

/** Holds an answer to being the problem `kind`; `says` is in its detail. The document. */
export function assertProblem(answer, kind, says = /./) {
  assert.equal(answer.status, STATUS[kind], `expected ${kind}, got ${answer.status}: ${answer.text}`);
  assert.equal(answer.headers["content-type"], "application/problem+json");
  const problem = JSON.parse(answer.text);
  assert.equal(problem.type, `/problems/${kind}`);
  assert.equal(problem.status, answer.status);
  assert.match(problem.title, /\S/);
  assert.match(problem.detail, /^.{12,}[.…]$/su, "a detail is a sentence");
  assert.doesNotMatch(answer.text, /panic|wasm|unwrap|RuntimeError|JsValue|SQLITE|\bat .*\.rs\b/i);
  assert.match(problem.detail, says);
  return problem;
}

/** Nothing in the Worker's log tells of a crash inside. */
export function assertNoPanic(stack) {
  assert.doesNotMatch(stack.log("worker"), /panicked|RuntimeError|unreachable|wasm instance replaced/);
}
