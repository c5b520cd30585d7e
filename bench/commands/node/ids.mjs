import { randomFillSync } from "node:crypto";

const pool = Buffer.allocUnsafe(1600);
let used = pool.length;

// UUIDv7
export function newId(now = Date.now()) {
  if (used === pool.length) used = (randomFillSync(pool), 0);
  const chance = pool.toString("hex", used, (used += 10));
  const at = now.toString(16).padStart(12, "0");
  const kind = "89ab"[parseInt(chance[3], 16) & 3];
  return `${at.slice(0, 8)}-${at.slice(8)}-7${chance.slice(0, 3)}-${kind}${chance.slice(4, 7)}-${chance.slice(7, 19)}`;
}
