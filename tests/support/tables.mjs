// The tables of an app that its builder gave none: made from the resources that its pages show.
import assert from "node:assert/strict";

const TYPES = { number: "numeric", rating: "numeric", date: "date", boolean: "boolean", reference: "uuid" };

/** Defines a table for each resource of an app that has none yet. Everything in them may be left empty. */
export async function defineTables(app) {
  const known = new Set((await app.get("/tables")).tables.map(({ name }) => name));
  const { files } = await app.get("/files?limit=200");
  const sources = await Promise.all(files.map(({ path }) => path).filter((path) => /^src\/resources\/\w+\.ts$/.test(path)).map((path) => app.read(path)));
  const tables = sources.map(({ text }) => tableOf(text)).filter(({ name }) => !known.has(name));
  if (tables.length === 0) return;
  const answer = await app.api("POST", "/tables", { tables });
  assert.equal(answer.status, 200, answer.text);
}

function tableOf(text) {
  const access = /^ {2}access: "(\w+)"/m.exec(text)?.[1] ?? "owner";
  const fields = [...text.matchAll(/\{ name: "(\w+)", .*?kind: "(\w+)"(?:.*? to: "(\w+)")?/g)];
  const columns = fields.map(([, name, kind, to]) => ({ name, type: TYPES[kind] ?? "text", ...(to && { references: to, on_delete: "set null" }) }));
  return { name: /^ {2}table: "(\w+)"/m.exec(text)[1], access, columns };
}
