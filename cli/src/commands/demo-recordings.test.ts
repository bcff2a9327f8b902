import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run } from "./demo-recordings.ts";

test.for([
  [{}, "USAGE"],
  [{ groupBy: "person", folds: "1" }, "USAGE"],
  [{ groupBy: "person", backend: "abacus" }, "USAGE"],
  [{ groupBy: "person", where: ["device"] }, "CONDITION_INVALID"],
  [{ groupBy: "person" }, "DATASET_EMPTY"],
] as const)("%o gets %s", async ([options, code]) => {
  const recordings = temporary();
  const asked = run(testContext(), [], { recordings, output: temporary(), ...options });
  await expect(asked).rejects.toMatchObject({ code });
});
