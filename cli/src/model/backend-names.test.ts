import { backendNames } from "@edgeloop/core/runtime/node";
import { expect, test } from "vitest";
import { backendChoices, backendSummary } from "./backend-names.ts";

test("the names are auto and the backends that there are", () => {
  expect(backendChoices.toSorted()).toEqual(["auto", ...backendNames].toSorted());
  expect(backendSummary).toMatch(/^auto, native, wasm, .* or \w+$/);
});
