/**
 * Shows what a model wrote: paragraphs, lists, code blocks, `code` and **strong**, built as elements.
 *
 * A small subset of Markdown, and anything outside of it stays readable as typed. No links, no images, no HTML:
 * what a model writes must not lead anywhere.
 */

import { el } from "./dom.js";

/** Replaces what `node` holds by `text`. */
export function showProse(node, text) {
  node.replaceChildren(...blocks(text));
}

function blocks(text) {
  const out = [];
  let paragraph = [];
  let list = null;
  let fence = null;
  const flush = () => {
    if (paragraph.length) out.push(el("p", {}, inline(paragraph.join("\n"))));
    paragraph = [];
    list = null;
  };
  for (const line of text.split(/\r?\n/)) {
    if (fence !== null) {
      if (/^\s*```\s*$/.test(line)) {
        out.push(codeBlock(fence));
        fence = null;
      } else fence.push(line);
      continue;
    }
    const item = /^\s*(?:[-*]|(\d{1,3})[.)])\s+(.*)$/.exec(line);
    const heading = /^#{1,4}\s+(.*)$/.exec(line);
    if (/^\s*```/.test(line)) {
      flush();
      fence = [];
    } else if (item) {
      const tag = item[1] === undefined ? "ul" : "ol";
      if (list?.localName !== tag) {
        flush();
        list = el(tag, tag === "ol" ? { start: item[1] } : {});
        out.push(list);
      }
      list.append(el("li", {}, inline(item[2])));
    } else if (heading) {
      flush();
      out.push(el("p", {}, el("strong", {}, heading[1])));
    } else if (line.trim() === "") flush();
    else {
      if (list) flush();
      paragraph.push(line);
    }
  }
  flush();
  if (fence !== null) out.push(codeBlock(fence));
  return out;
}

function codeBlock(lines) {
  return el("pre", { tabindex: "0" }, el("code", {}, lines.join("\n")));
}

function inline(text) {
  return text.split(/(`[^`\n]+`|\*\*[^*\n]+\*\*)/).map((part) => {
    if (part.length > 2 && part.startsWith("`") && part.endsWith("`")) return el("code", {}, part.slice(1, -1));
    if (part.length > 4 && part.startsWith("**") && part.endsWith("**")) return el("strong", {}, part.slice(2, -2));
    return part;
  });
}
