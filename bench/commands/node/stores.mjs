// PostgreSQL and Redis: one connection for scripts and commands, one that subscribes, one pool of prepared statements.
import { readdirSync, readFileSync } from "node:fs";
import { Redis } from "ioredis";
import pg from "pg";

const PATIENCE_MS = 1800;
const here = (name) => new URL(name, import.meta.url);

export function openRedis(settings) {
  const options = { ...settings.redis, commandTimeout: PATIENCE_MS, maxRetriesPerRequest: 1, protocol: 2 };
  const redis = new Redis({ ...options, enableAutoPipelining: settings.autoPipelining ?? true });
  const define = (name, file) => redis.defineCommand(name, { numberOfKeys: 1, lua: readFileSync(here(file), "utf8") });
  for (const file of readdirSync(here("lua/"))) define(file.replace(".lua", ""), `lua/${file}`);
  define("take", "../../../db/redis/lua/token_bucket.lua"); // the same count on both sides
  const sub = new Redis({ ...options, autoResubscribe: true });
  for (const client of [redis, sub]) client.on("error", () => {}); // it reconnects; who waits for an answer is told
  return { redis, sub };
}

export function openPostgres(settings) {
  const pool = new pg.Pool({ ...settings.postgres, max: 10, query_timeout: PATIENCE_MS, idleTimeoutMillis: 0 });
  pool.on("error", () => {}); // an idle connection broke: the pool opens another one
  const statements = {};
  for (const part of readFileSync(here("statements.sql"), "utf8").split(/^-- name: /m).slice(1)) {
    const [name, text] = [part.slice(0, part.indexOf("\n")), part.slice(part.indexOf("\n"))];
    statements[name] = { name, text };
  }
  const ask = async (name, ...values) => (await pool.query({ ...statements[name], values })).rows;
  return { pool, ask };
}
