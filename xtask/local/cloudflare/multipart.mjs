// `multipart/form-data` (RFC 7578) as parts with their names, types and bytes.

/**
 * The parts of a form.
 * @param {Buffer} body
 * @param {string} type the header `content-type`
 * @returns {{name: string, filename?: string, type?: string, bytes: Buffer}[]}
 */
export function parts(body, type) {
  const [, quoted, plain] = /boundary=(?:"([^"]+)"|([^;\s]+))/i.exec(type) ?? [];
  const boundary = quoted ?? plain;
  if (!boundary) throw new Error("multipart without a boundary");
  const delimiter = Buffer.from(`\r\n--${boundary}`);
  // The first one has no line before it.
  const whole = Buffer.concat([Buffer.from("\r\n"), body]);
  const found = [];
  let at = whole.indexOf(delimiter);
  while (at >= 0) {
    const start = at + delimiter.length;
    if (whole.subarray(start, start + 2).toString() === "--") return found;
    const next = whole.indexOf(delimiter, start);
    const head = whole.indexOf("\r\n\r\n", start);
    if (next < 0 || head < 0 || head > next) throw new Error("multipart that does not end");
    found.push({ ...named(whole.subarray(start, head).toString("utf8")), bytes: whole.subarray(head + 4, next) });
    at = next;
  }
  throw new Error("multipart without its boundary");
}

function named(head) {
  const header = (name) => new RegExp(`^${name}:\\s*(.*?)\\s*$`, "im").exec(head)?.[1];
  const disposition = header("content-disposition") ?? "";
  const value = (name) => new RegExp(`;\\s*${name}="((?:[^"\\\\]|\\\\.)*)"`, "i").exec(disposition)?.[1]?.replaceAll("%22", '"');
  const name = value("name");
  if (name === undefined) throw new Error("a part without a name");
  return { name, filename: value("filename"), type: header("content-type") };
}
