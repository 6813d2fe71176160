// Ids that sort by time (ULID), and JSON as the chain of custody is hashed over it.

import { createHash, randomFillSync } from "node:crypto";

const LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ";
const pool = Buffer.alloc(4096); // random bytes are drawn in bulk: one call for many ids
let used = pool.length;

export function newId(prefix) {
  let time = Date.now();
  let text = "";
  for (let at = 0; at < 10; at += 1) {
    text = LETTERS[time % 32] + text;
    time = Math.floor(time / 32);
  }
  if (used + 16 > pool.length) {
    randomFillSync(pool);
    used = 0;
  }
  for (let at = 0; at < 16; at += 1) text += LETTERS[pool[used++] & 31];
  return `${prefix}_${text}`;
}

// SHA-256 of the canonical text: sorted names, Python's separators, moments to the millisecond.
export function digest(facts) {
  return sha256(canonical(facts));
}

export function sha256(text) {
  return createHash("sha256").update(text).digest("hex");
}

function canonical(value) {
  if (value instanceof Date) return JSON.stringify(value.toISOString().replace("Z", "+00:00"));
  if (Array.isArray(value)) return `[${value.map(canonical).join(", ")}]`;
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const names = Object.keys(value).sort();
  return `{${names.map((name) => `${JSON.stringify(name)}: ${canonical(value[name])}`).join(", ")}}`;
}
