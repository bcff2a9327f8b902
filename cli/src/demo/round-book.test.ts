import { expect, test } from "vitest";
import { roundBook } from "./round-book.ts";

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
