import { expect, test } from "vitest";
import { emptyReport } from "./report-state.ts";

test("an empty report can be drawn: every list is there", () => {
  const state = emptyReport("title", ["g1"]);
  expect(Object.values(state).filter(Array.isArray)).toHaveLength(7);
});
