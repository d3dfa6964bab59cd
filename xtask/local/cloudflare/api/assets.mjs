// Uploads of static assets.
import { Refusal, ok, refusals } from "../answer.mjs";
import { parts } from "../multipart.mjs";

const begin = ({ account, params, json }) => {
  if (params.namespace !== undefined) account.namespace(params.namespace);
  return ok(account.assets.begin(json().manifest, params.name));
};

function take({ account, body, headers, query, tokenText }) {
  if (query.get("base64") !== "true") throw new Refusal(400, 10300, "The files are to be sent in base64.");
  let files;
  try {
    files = parts(body, headers["content-type"] ?? "");
  } catch (error) {
    throw refusals.malformed(error.message);
  }
  const jwt = account.assets.take(tokenText, files);
  return jwt ? ok({ jwt }, { status: 201 }) : ok({}, { status: 202 });
}

export default [
  ["POST", "/accounts/:account/workers/scripts/:name/assets-upload-session", "Workers Scripts: Edit", begin],
  ["POST", "/accounts/:account/workers/dispatch/namespaces/:namespace/scripts/:name/assets-upload-session", "Workers Scripts: Edit", begin],
  ["POST", "/accounts/:account/workers/assets/upload", "session", take],
];
