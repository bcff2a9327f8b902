import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { pathToFileURL } from "node:url";
import { afterAll, expect, test } from "vitest";
import { seededRng } from "../random.ts";
import { openSqliteStore } from "./sqlite-store.ts";

const directory = await mkdtemp(join(tmpdir(), "edgeloop-kill-"));
afterAll(() => rm(directory, { recursive: true }));

// Commits numbers, eight calls under way at a time, and prints each one once it is acknowledged.
const counting = (path: string): string => `
  import { openSqliteStore } from ${JSON.stringify(pathToFileURL(join(import.meta.dirname, "sqlite-store.ts")).href)};
  import { writeSync } from "node:fs";
  const store = await openSqliteStore(${JSON.stringify(path)});
  await store.commit([{ sql: "CREATE TABLE IF NOT EXISTS item (id INTEGER PRIMARY KEY)" }]);
  const [{ last }] = await store.query("SELECT coalesce(max(id), 0) AS last FROM item");
  let next = last;
  const count = async () => {
    for (;;) {
      const id = (next += 1);
      await store.commit([{ sql: "INSERT INTO item VALUES (?)", params: [id] }]);
      writeSync(1, id + "\\n");
    }
  };
  await Promise.all(Array.from({ length: 8 }, count));`;

/** Runs the child until it has acknowledged `most` numbers, and kills it while it goes on. */
async function runAndKill(path: string, most: number): Promise<readonly number[]> {
  const script = join(directory, "counting.mjs");
  await writeFile(script, counting(path));
  const flags = ["--conditions=@edgeloop/source", script];
  const child = spawn(process.execPath, flags, { stdio: ["ignore", "pipe", "inherit"] });
  const acknowledged: number[] = [];
  for await (const line of createInterface({ input: child.stdout })) {
    acknowledged.push(Number(line));
    if (acknowledged.length === most) child.kill("SIGKILL");
  }
  return acknowledged;
}

test("nothing acknowledged is lost when the process is killed", async () => {
  const path = join(directory, "store.sqlite");
  const rng = seededRng(20);
  const acknowledged = new Set<number>();
  for (let kill = 0; kill < 5; kill += 1) {
    const most = 1 + Math.floor(rng() * 60);
    for (const id of await runAndKill(path, most)) acknowledged.add(id);
  }
  const store = await openSqliteStore(path);
  const stored = new Set((await store.query("SELECT id FROM item")).map((row) => row["id"]));
  expect(await store.query("PRAGMA integrity_check")).toEqual([{ integrity_check: "ok" }]);
  await store.close();
  expect(acknowledged.size).toBeGreaterThan(50);
  expect([...acknowledged].filter((id) => !stored.has(id))).toEqual([]);
});
