// Who asks, and for which account.
import { ok, paged } from "../answer.mjs";

const told = ({ id, name }) => ({ id, name, type: "standard", settings: { enforce_twofactor: false }, created_on: "2026-01-01T00:00:00Z" });
const verified = ({ token }) => ok({ id: token.id, status: token.status }, { messages: [{ code: 10000, message: "This API Token is valid and active", type: null }] });

export default [
  ["GET", "/user/tokens/verify", null, verified],
  ["GET", "/accounts/:account/tokens/verify", null, verified],
  ["GET", "/user", "User Details: Read", () => ok({ id: "operator", email: "operator@example.com" })],
  ["GET", "/memberships", "Memberships: Read", ({ account, query }) =>
    paged([{ id: "membership", status: "accepted", account: told(account), roles: ["Administrator"], permissions: {} }], query)],
  ["GET", "/accounts", null, ({ account, query }) => paged([told(account)], query)],
  ["GET", "/accounts/:account", null, ({ account }) => ok(told(account))],
];
