import { expect, test } from "vitest";
import { blocks, parsePipeline } from "./pipeline.ts";

test("a pipeline is JSON: reading what was written gives the same", () => {
  const pipeline = parsePipeline([{ kind: "spectrum" }, { kind: "log-compress", unit: 2 }]);
  expect(parsePipeline(JSON.parse(JSON.stringify(pipeline)))).toEqual(pipeline);
});

test("defaults are filled in", () => {
  expect(parsePipeline([{ kind: "magnitude", of: ["x"] }])).toEqual([
    { kind: "magnitude", of: ["x"], name: "magnitude" },
  ]);
});

const options: Readonly<Record<string, object>> = {
  standardize: { mean: [0], scale: [1] },
  magnitude: { of: ["x"] },
  "moving-average": { samples: 1 },
  "band-energies": { rateHz: 1, edgesHz: [0, 1] },
};

test.for(Object.keys(blocks))("the row %s reads its own kind", (kind) => {
  expect(parsePipeline([{ kind, ...options[kind] }])[0]?.kind).toBe(kind);
});

test.for([
  ["no list", {}, "list of blocks"],
  ["an unknown kind", [{ kind: "fft" }], "kind must be one of"],
  ["an inherited kind", [{ kind: "toString" }], "kind must be one of"],
  ["an unknown option", [{ kind: "rectify", samples: 3 }], "no option samples"],
  ["a missing option", [{ kind: "moving-average" }], "samples must be a whole number"],
  [
    "an option of another type",
    [{ kind: "rectify" }, { kind: "standardize", mean: ["0"], scale: [1] }],
    "block 1 (standardize): mean must be",
  ],
] as const)("%s is refused", ([, value, message]) => {
  expect(() => parsePipeline(value)).toThrow(expect.objectContaining({ code: "PIPELINE_INVALID" }));
  expect(() => parsePipeline(value)).toThrow(message);
});
