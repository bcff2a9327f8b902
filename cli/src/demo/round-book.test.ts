import { expect, test } from "vitest";
import { roundBook, rowsMax } from "./round-book.ts";

test("the newest state of each round and rollout stands, with its figures", () => {
  const book = roundBook();
  book.take({ stream: "round/r1/1", kind: "training", details: { cohort: ["a", "b"] } }, 1);
  const figures = { candidate: { accuracy: 0.97 }, parent: { accuracy: 0.5 } };
  book.take(
    { stream: "round/r1/1", kind: "released", details: { cohort: ["a", "b"], figures } },
    2,
  );
  book.take(
    {
      stream: "rollout/pumps-v2",
      kind: "rolling",
      details: { release: { manifestSha256: "f00" }, members: { a: "active" } },
    },
    3,
  );
  book.take({ stream: "campaign/c1", kind: "running", details: {} }, 4);
  expect(book.rounds()).toEqual([
    { round: "r1", state: "released", atS: 2, devices: 2, accuracy: 0.97, parentAccuracy: 0.5 },
  ]);
  expect(book.rollouts()).toEqual([
    { name: "pumps-v2", state: "rolling", manifest: "f00", members: { a: "active" } },
  ]);
  expect(book.campaign()).toBe("running");
});

test("a campaign that came to nothing says why, and the next one says nothing of it", () => {
  const book = roundBook();
  book.take({ stream: "campaign/c1", kind: "rejected", details: { code: "BAR_MISSED" } }, 1);
  expect([book.campaign(), book.campaignCode()]).toEqual(["rejected", "BAR_MISSED"]);
  book.take({ stream: "campaign/c2", kind: "running", details: {} }, 2);
  expect([book.campaign(), book.campaignCode()]).toEqual(["running", undefined]);
});

test("of many rounds the newest are kept", () => {
  const book = roundBook();
  for (let at = 0; at <= rowsMax; at += 1) {
    book.take({ stream: `round/r${at}/1`, kind: "training", details: {} }, at);
  }
  expect(book.rounds()).toHaveLength(rowsMax);
  expect(book.rounds().at(0)?.round).toBe("r1");
  expect(book.rounds().at(-1)?.round).toBe(`r${rowsMax}`);
});
