// An upload of a Worker as it comes: metadata and modules.
import { refusals } from "./answer.mjs";
import { parts } from "./multipart.mjs";

const MODULES = {
  "application/javascript+module": "ESModule",
  "text/javascript+module": "ESModule",
  "application/javascript": "CommonJS",
  "text/javascript": "CommonJS",
  "text/plain": "Text",
  "text/html": "Text",
  "application/json": "Text",
  "application/octet-stream": "Data",
  "application/wasm": "CompiledWasm",
};

/**
 * Reads it: a form, or the text of a script that is no module.
 * @returns {{metadata: object, modules: {name: string, kind: string, bytes: Buffer}[]}}
 */
export function readUpload(body, type = "") {
  if (!type.startsWith("multipart/form-data")) {
    if (!/javascript/.test(type)) throw refusals.malformed(`an upload of the type ${type}`);
    return { metadata: { body_part: "script" }, modules: [{ name: "script", kind: "CommonJS", bytes: body }] };
  }
  let found;
  let metadata;
  try {
    found = parts(body, type);
    metadata = JSON.parse(found.find(({ name }) => name === "metadata").bytes.toString("utf8"));
  } catch (error) {
    throw refusals.malformed(error.message);
  }
  const modules = found.filter((part) => part.name !== "metadata" && part.type !== "application/source-map").map(({ name, type: kind, bytes }) => {
    const known = MODULES[kind?.split(";")[0].trim()];
    if (!known) throw refusals.malformed(`the module ${name} is of the type ${kind}`);
    return { name, kind: known, bytes };
  });
  const main = metadata.main_module ?? metadata.body_part;
  if (main !== undefined && !modules.some(({ name }) => name === main)) throw refusals.noStart(`Uncaught Error: No such module "${main}".`);
  if (main === undefined && !metadata.assets) throw refusals.malformed("neither `main_module` nor `body_part` nor `assets`");
  return { metadata, modules };
}
