// Whom functions may ask, and where they are led: what an app's own Worker on an account puts in the place of `fetch`.
import assert from "node:assert/strict";
import { describe, test } from "node:test";

import { ask, forOwnData, isAllowed, isOwnData } from "../../src/publish/outbound.js";

const HOSTS = ["api.example.com", "*.example.org", "localhost:8080"];

/** A world of addresses: `{status, location}` or a text each. Resolves to what came of asking, and to what was asked. */
async function asks(world, address, options = {}, hosts = HOSTS) {
  const seen = [];
  const fetch = async (request) => {
    seen.push({ url: request.url, method: request.method, headers: Object.fromEntries(request.headers), body: await request.text(), redirect: request.redirect });
    const { status = 200, location, text = "" } = world[request.url] ?? { status: 404 };
    return new Response(text, { status, headers: location ? { location } : {} });
  };
  const answer = await ask(new Request(address, options), hosts, fetch);
  return { status: answer.status, text: await answer.text(), seen };
}

describe("an address", () => {
  test("is allowed by its whole host, over https", () => {
    for (const [address, expected] of [
      ["https://api.example.com/v1", true], ["https://API.example.com/", true], ["https://a.example.org/", true], ["https://a.b.example.org/", true], ["http://localhost:8080/", true],
      ["http://api.example.com/", false], ["https://api.example.com:8443/", false], ["https://a.example.org:8443/", false], ["https://example.org/", false], ["https://badexample.org/", false],
      ["https://api.example.com.evil.example/", false], ["https://api.example.com@evil.example/", false], ["https://api.example.com./", false],
      ["http://localhost:8081/", false], ["https://localhost:8080/", true], ["http://127.0.0.1:8080/", false], ["ftp://api.example.com/", false],
    ]) assert.equal(isAllowed(address, HOSTS), expected, address);
    assert.equal(isAllowed("https://api.example.com/", [""]), false);
  });

  test("is the app's own data at its own origin, and nothing else there", () => {
    const own = "https://recipes.example";
    for (const [address, expected] of [
      [`${own}/rest/v1/t`, true], [`${own}/auth/v1/user`, true], [`${own}/api/rest/v1/t`, false], [`${own}/`, false], [`${own}/rest/v1/../../api/x`, false],
      ["http://recipes.example/rest/v1/t", false], ["https://other.example/rest/v1/t", false], ["https://recipes.example:8443/rest/v1/t", false],
    ]) assert.equal(isOwnData(address, own), expected, address);
  });

  test("of whoever asks is not for a function to say", async () => {
    const made = forOwnData(new Request("https://recipes.example/auth/v1/otp", { method: "POST", body: "{}", headers: { "cf-connecting-ip": "192.0.2.1", "x-forwarded-for": "192.0.2.1", "x-real-ip": "192.0.2.1", apikey: "key" } }));
    assert.deepEqual([...made.headers.keys()].sort(), ["apikey", "content-type"]);
    assert.deepEqual([made.method, await made.text()], ["POST", "{}"]);
  });
});

describe("a redirect", () => {
  const world = {
    "https://api.example.com/": { text: "there" },
    "https://api.example.com/on": { status: 302, location: "/" },
    "https://api.example.com/other": { status: 301, location: "https://a.example.org/" },
    "https://a.example.org/": { text: "other" },
    "https://api.example.com/away": { status: 302, location: "https://evil.example/" },
    "https://evil.example/": { text: "never" },
    "https://api.example.com/see": { status: 303, location: "/" },
    "https://api.example.com/same": { status: 307, location: "/" },
    "https://api.example.com/round": { status: 302, location: "/round" },
  };
  const at = (path) => `https://api.example.com${path}`;

  test("is followed to hosts that are allowed, and what is meant for one is not told another", async () => {
    const headers = { authorization: "Bearer mine", cookie: "a=1", accept: "text/plain" };
    const same = await asks(world, at("/on"), { headers });
    assert.deepEqual([same.status, same.text, same.seen.map(({ redirect }) => redirect)], [200, "there", ["manual", "manual"]]);
    assert.equal(same.seen[1].headers.authorization, "Bearer mine");
    const other = await asks(world, at("/other"), { headers });
    assert.deepEqual([other.text, other.seen[1].url], ["other", "https://a.example.org/"]);
    assert.deepEqual(other.seen[1].headers, { accept: "text/plain" });
  });

  test("elsewhere is refused, and nobody there is asked", async () => {
    const away = await asks(world, at("/away"));
    assert.deepEqual([away.status, away.seen.length], [403, 1]);
    assert.match(away.text, /may not ask evil\.example/);
    const first = await asks(world, "https://evil.example/");
    assert.deepEqual([first.status, first.seen.length], [403, 0]);
  });

  test("of what has a body goes on as a GET without it, or is answered as it is", async () => {
    const post = { method: "POST", body: "said", headers: { "content-type": "text/plain" } };
    for (const path of ["/on", "/see"]) {
      const { status, seen } = await asks(world, at(path), post);
      assert.deepEqual([status, seen[0].body, seen[1].method, seen[1].body, seen[1].headers["content-type"]], [200, "said", "GET", "", undefined], path);
    }
    assert.deepEqual([(await asks(world, at("/same"), post)).status, (await asks(world, at("/on"), { ...post, method: "PUT" })).status], [307, 302]);
    assert.equal((await asks(world, at("/see"), { ...post, method: "PUT" })).status, 200);
  });

  test("is whatever the function says it is", async () => {
    assert.equal((await asks(world, at("/on"), { redirect: "manual" })).status, 302);
    await assert.rejects(asks(world, at("/on"), { redirect: "error" }), /Redirected/);
    await assert.rejects(asks(world, at("/round")), /Too many redirects/);
  });
});
