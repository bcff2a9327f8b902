import { expect, test } from "vitest";
import { takeTurns } from "./turns.ts";

test("work runs one at a time, in order, and a failure holds up nothing", async () => {
  const turns = takeTurns();
  const seen: string[] = [];
  let running = 0;
  const work = (name: string) => async (): Promise<string> => {
    running += 1;
    expect(running).toBe(1);
    seen.push(name);
    await Promise.resolve();
    await Promise.resolve();
    running -= 1;
    if (name === "b") throw new TypeError("b failed");
    return name;
  };
  const results = await Promise.allSettled(["a", "b", "c"].map((name) => turns(work(name))));
  expect(seen).toEqual(["a", "b", "c"]);
  expect(results.map(({ status }) => status)).toEqual(["fulfilled", "rejected", "fulfilled"]);
});
