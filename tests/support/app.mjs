// An app as its owner meets it: created from a prompt, talked to, looked at.
import assert from "node:assert/strict";

import { Feed } from "./feed.mjs";
import { until } from "./wait.mjs";

/** The prompt of the README. */
export const RECIPES = "a recipe box where people save recipes with a title, ingredients and cooking minutes";

export class App {
  /** Creates an app and follows its feed from the start. */
  static async create(stack, prompt = RECIPES, headers) {
    const answer = await stack.api("POST", "/v1/apps", { prompt }, headers);
    assert.equal(answer.status, 201, answer.text);
    return new App(stack, answer.body);
  }

  constructor(stack, { app, turn }) {
    this.stack = stack;
    this.created = app;
    this.id = app.id;
    this.turn = turn.id;
    this.feed = new Feed(stack, app.id);
  }

  close() {
    this.feed.close();
  }

  /** A call below the app: `path` such as `/files`. */
  api(method, path, body, headers) {
    return this.stack.api(method, `/v1/apps/${this.id}${path}`, body, headers);
  }

  /** What a successful GET answers. */
  async get(path) {
    const answer = await this.api("GET", path);
    assert.equal(answer.status, 200, `GET ${path}: ${answer.text}`);
    return answer.body;
  }

  async show() {
    return (await this.get("")).app;
  }

  /** Says something; the turn's id. */
  async say(content, headers) {
    const answer = await this.api("POST", "/messages", { content }, headers);
    assert.equal(answer.status, 202, answer.text);
    return answer.body.turn.id;
  }

  /** Waits for the end of a turn, which has to be a good one. */
  async completed(turn = this.turn, options) {
    const end = await this.feed.turnFinished(turn, options);
    assert.equal(end.outcome, "completed", JSON.stringify(end));
    return end;
  }

  /** Waits until no build is under way, so that the feed is still. */
  async settled() {
    await until("the builds to end", () => {
      const over = new Set(this.feed.of("build_finished").map((event) => event.build));
      return this.feed.of("build_queued").every((event) => over.has(event.build));
    });
  }

  /** Waits until a version is what the preview serves. */
  live(version) {
    return this.feed.find(`preview of version ${version}`, (event) => event.kind === "preview_live" && event.version === version);
  }

  /** A version with its manifest. */
  version(number) {
    return this.get(`/versions/${number}`);
  }

  /** All versions, newest first. */
  async versions() {
    return (await this.get("/versions?limit=200")).versions;
  }

  async messages() {
    return (await this.get("/messages?limit=200")).messages;
  }

  /** A file as it is stored: its bytes, text and entity tag. */
  async read(path) {
    const answer = await this.fileCall("GET", path);
    assert.equal(answer.status, 200, answer.text);
    return { text: answer.text, bytes: answer.bytes, etag: answer.headers.etag };
  }

  /** A call about one file, with a raw body. */
  async fileCall(method, path, { body, headers = {} } = {}) {
    const target = `/v1/apps/${this.id}/files/${path.split("/").map(encodeURIComponent).join("/")}`;
    return this.stack.request(target, { method, body, headers: { authorization: `Bearer ${this.stack.token}`, ...headers } });
  }

  /** Writes a file that is there, as it was read. */
  async write(path, text, etag) {
    const answer = await this.fileCall("PUT", path, { body: text, headers: etag ? { "if-match": etag } : {} });
    assert.ok([200, 201].includes(answer.status), answer.text);
    return answer.json();
  }

  /** A request to the app's own address. */
  preview(path = "/", { headers = {}, ...options } = {}) {
    return this.stack.request(path, { host: `preview-${this.id}.localhost:${this.stack.port}`, headers, ...options });
  }

  /** Which version its address serves. */
  async served() {
    const answer = await this.preview("/_deployment");
    assert.equal(answer.status, 200, answer.text);
    return answer.json().version;
  }
}
