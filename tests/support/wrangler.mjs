// Cloudflare's wrangler, led to the double of its API. It is no dependency of ours: `cargo xtask test` fetches it and says where it is.
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import fs from "node:fs";
import os from "node:os";
import path from "node:path";

import { startCloudflare } from "../../xtask/local/cloudflare.mjs";
import { ACCOUNT, Api, TOKEN, ZONE } from "./cloudflare.mjs";

const { OVERSKILL_JUDGES: judges } = process.env;

/** A folder that wrangler runs in, and the double that it is led to. */
export class Wrangler {
  static async start() {
    assert.ok(judges, "OVERSKILL_JUDGES is not set: run this through `cargo xtask test`");
    const one = new Wrangler();
    one.folder = fs.mkdtempSync(path.join(os.tmpdir(), "overskill-wrangler-"));
    one.double = await startCloudflare({ accountId: ACCOUNT, zones: [{ name: "example.com", id: ZONE }], tokens: [{ token: TOKEN, name: "api-token" }] });
    one.api = new Api(one.double);
    return one;
  }

  async stop() {
    await this.double.stop();
    fs.rmSync(this.folder, { recursive: true, force: true });
  }

  write(files) {
    for (const [name, text] of Object.entries(files)) {
      fs.mkdirSync(path.dirname(path.join(this.folder, name)), { recursive: true });
      fs.writeFileSync(path.join(this.folder, name), text);
    }
  }

  /** Runs it; what it printed. */
  async run(args, { input = "", fails = false } = {}) {
    const child = spawn(process.execPath, [path.join(judges, "node_modules/wrangler/bin/wrangler.js"), ...args], {
      cwd: this.folder,
      env: {
        PATH: process.env.PATH, HOME: this.folder, XDG_CONFIG_HOME: this.folder, CLOUDFLARE_API_BASE_URL: this.double.url, CLOUDFLARE_API_TOKEN: TOKEN,
        CLOUDFLARE_ACCOUNT_ID: ACCOUNT, WRANGLER_SEND_METRICS: "false", CLOUDFLARE_CF_FETCH_ENABLED: "false", CI: "true", NO_COLOR: "1",
        WRANGLER_LOG_PATH: path.join(this.folder, "logs"),
      },
    });
    let printed = "";
    for (const stream of [child.stdout, child.stderr]) stream.setEncoding("utf8").on("data", (text) => { printed += text; });
    child.stdin.end(input);
    const code = await new Promise((resolve) => child.once("close", resolve));
    assert.equal(code !== 0, fails, `wrangler ${args.join(" ")}\n${printed}`);
    return printed;
  }

  /** Neither a token nor the text of a secret is told by the double. */
  async keeps(secret) {
    const told = JSON.stringify([await this.api.control("requests"), await this.api.control("state")]);
    assert.deepEqual([told.includes(secret), told.includes(TOKEN)], [false, false]);
  }
}
