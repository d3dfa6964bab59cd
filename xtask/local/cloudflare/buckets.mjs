// R2: buckets and their objects, in memory.
import { createHash, randomBytes } from "node:crypto";

import { Refusal } from "./answer.mjs";

const NAME = /^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$/;
const MOST_LISTED = 1000;

export const bucketRefusals = {
  name: () => new Refusal(400, 10005, "The specified bucket name is not valid."),
  exists: () => new Refusal(409, 10004, "The bucket you tried to create already exists, and you own it."),
  missing: () => new Refusal(404, 10006, "The specified bucket does not exist."),
  filled: () => new Refusal(409, 10008, "The bucket you tried to delete is not empty."),
  noKey: () => new Refusal(404, 10007, "The specified key does not exist."),
};

/** A bucket with its objects by key. */
class Bucket {
  objects = new Map();
  created = new Date().toISOString();

  constructor(name, { location = "weur", storage_class = "Standard", jurisdiction = "default" }) {
    Object.assign(this, { name, location, storage_class, jurisdiction });
  }

  told() {
    const { name, location, storage_class, jurisdiction, created } = this;
    return { name, creation_date: created, location, storage_class, jurisdiction };
  }

  put(key, bytes, { http = {}, custom = {} } = {}) {
    const etag = createHash("md5").update(bytes).digest("hex");
    const object = { key, bytes, etag, http, custom, version: randomBytes(16).toString("hex"), uploaded: Date.now() };
    this.objects.set(key, object);
    return object;
  }

  get(key) {
    return this.objects.get(key);
  }

  delete(key) {
    return this.objects.delete(key);
  }

  /** What comes after `after` in the order of keys. With a delimiter, keys that go on behind it are told by what is before it. */
  list({ prefix = "", after = "", limit = MOST_LISTED, delimiter } = {}) {
    const most = Math.min(limit, MOST_LISTED);
    const objects = [];
    const prefixes = new Set();
    let last = "";
    const keys = [...this.objects.keys()].filter((key) => key.startsWith(prefix) && key > after).sort((a, b) => (a < b ? -1 : 1));
    for (const key of keys) {
      const end = delimiter ? key.indexOf(delimiter, prefix.length) : -1;
      const group = end < 0 ? undefined : key.slice(0, end + delimiter.length);
      // Told on an earlier page, or on this one.
      if (group !== undefined && (prefixes.has(group) || after.startsWith(group))) {
        last = key;
        continue;
      }
      if (objects.length + prefixes.size === most) return { objects, prefixes: [...prefixes], truncated: true, last };
      if (group === undefined) objects.push(this.objects.get(key));
      else prefixes.add(group);
      last = key;
    }
    return { objects, prefixes: [...prefixes], truncated: false, last };
  }
}

/** The buckets of an account. */
export class Buckets {
  #buckets = new Map();

  has(name) {
    return this.#buckets.has(name);
  }

  all() {
    return [...this.#buckets.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  bucket(name) {
    const found = this.#buckets.get(name);
    if (!found) throw bucketRefusals.missing();
    return found;
  }

  create({ name, locationHint, storageClass }, jurisdiction) {
    if (typeof name !== "string" || !NAME.test(name)) throw bucketRefusals.name();
    if (this.#buckets.has(name)) throw bucketRefusals.exists();
    const bucket = new Bucket(name, { location: locationHint, storage_class: storageClass, jurisdiction });
    this.#buckets.set(name, bucket);
    return bucket;
  }

  delete(name) {
    if (this.bucket(name).objects.size > 0) throw bucketRefusals.filled();
    this.#buckets.delete(name);
  }

  seen() {
    return Object.fromEntries(this.all().map(({ name, objects }) => [name, [...objects.keys()].sort()]));
  }
}
