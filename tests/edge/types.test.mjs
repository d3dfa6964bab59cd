// The types that an app's pages get from its tables: what TypeScript takes, and what it refuses.
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";

const foundation = path.resolve(import.meta.dirname, "../../templates/foundation");

const TABLES = `/** The app's tables, as the database has them. \`define_tables\` writes this file; it is not changed by hand. */
import type { Table } from "@/lib/database/types"

export interface Tables {
  recipes: Table<"owner", { title: string; cuisine: string | null }, "title">
  notes: Table<"team", { text: string | null }>
  logs: Table<"server", { line: string | null }>
}

/** Those of which the app hears when somebody changes their rows. */
export const realtimeTables: readonly string[] = ["recipes"]
`;
const USE = `import { useRecord } from "@/hooks/useRecord"
import { useRecordCount } from "@/hooks/useRecordCount"
import { useRecords } from "@/hooks/useRecords"
import { db, type Row, type RowOf } from "@/lib/database"

export function Page({ name }: { name: string }) {
  const { records, create, update } = useRecords("recipes")
  const titles: string[] = records.map((recipe) => recipe.title)
  const cuisine: string | null | undefined = useRecord("recipes", name).record?.cuisine
  useRecordCount("notes")
  void create({ title: name })
  void update(name, { cuisine: null })
  return <p>{titles}{cuisine}</p>
}

export async function ask(name: string) {
  const recipes = await db.from("recipes").select().eq("cuisine", "Thai").order("title")
  const rows: RowOf<"recipes">[] | null = recipes.data
  const made = await db.from("recipes").insert({ title: name }).select().single()
  const at: string | undefined = made.data?.created_at
  const log = await db.from("logs").select().single()
  const nobody: string | null | undefined = log.data?.user_id
  void db.from("notes").insert({ team_id: name })
  void db.from("notes").insert({ text: name })
  void db.from("recipes").select(\`title, notes:\${db.tableName("notes")}(text)\`)
  const any = await db.fromName(name).select().eq("id", name).maybeSingle()
  const row: Row | null = any.data
  return [rows, at, nobody, row]
}
`;
const MISTAKES = {
  "no such table": 'db.from("recipse").select()',
  "no such column": 'db.from("recipes").select().eq("kitchen", "x")',
  "a column is missing": 'db.from("recipes").insert({ cuisine: "Thai" })',
  "another type": 'db.from("recipes").update({ title: 3 }).eq("id", "x")',
  "a column that is not there": 'db.from("recipes").update({ kitchen: "x" }).eq("id", "x")',
  "null": 'db.from("recipes").select().then(({ data }) => data?.[0].cuisine.length)',
};

let folder;

before(() => {
  folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-types-"));
  fs.cpSync(path.join(foundation, "src"), path.join(folder, "src"), { recursive: true });
  for (const file of ["tsconfig.json", "vite.config.ts"]) fs.copyFileSync(path.join(foundation, file), path.join(folder, file));
  fs.symlinkSync(path.join(foundation, "node_modules"), path.join(folder, "node_modules"));
});
after(() => fs.rmSync(folder, { recursive: true }));

const write = (file, text) => fs.writeFileSync(path.join(folder, "src", file), text);

/** What TypeScript says of the app, a line each. */
function told() {
  const tsc = path.join(foundation, "node_modules/typescript/bin/tsc");
  const { stdout, error } = spawnSync(process.execPath, [tsc, "--noEmit"], { cwd: folder, encoding: "utf8" });
  assert.equal(error, undefined);
  return stdout.split("\n").filter((line) => /error TS/.test(line));
}

test("an app without tables has none to ask", () => {
  assert.deepEqual(told(), []);
  write("mistakes.ts", `import { db } from "@/lib/database"\n\nexport const asked = db.from("recipes")\n`);
  assert.match(told().join("\n"), /^src\/mistakes\.ts\(3,\d+\): error TS2345: [^\n]*never/);
  fs.rmSync(path.join(folder, "src/mistakes.ts"));
});

test("an app with tables has their columns, and no others", () => {
  write("app/tables.ts", TABLES);
  write("Use.tsx", USE);
  assert.deepEqual(told(), []);
  const lines = Object.values(MISTAKES).map((mistake) => `void ${mistake}`);
  write("mistakes.ts", `import { db } from "@/lib/database"\n\n${lines.join("\n")}\n`);
  const wrong = told().map((line) => /^src\/mistakes\.ts\((\d+),/.exec(line)?.[1]);
  assert.deepEqual([...new Set(wrong)], lines.map((_, number) => String(number + 3)), told().join("\n"));
});
