import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "@edgeloop/core/graph";
import { encodeSafetensors, f32, graphBuilder } from "@edgeloop/core/graph";
import fc from "fast-check";
import { expect, test } from "vitest";
import { temporary } from "../testing.ts";
import { readExamples, splitExamples } from "./example-file.ts";

function graph() {
  const b = graphBuilder("g");
  b.output({ name: b.add("Neg", [b.input({ name: "x", dtype: "float32" })]), dtype: "float32" });
  return b.build();
}

function file(tensors: Readonly<Record<string, Tensor>>): string {
  const path = join(temporary(), "data.safetensors");
  writeFileSync(path, encodeSafetensors(new Map(Object.entries(tensors))));
  return path;
}

const rows = (count: number, width = 1): Tensor =>
  f32(
    Float32Array.from({ length: count * width }, (_, i) => i),
    [count, width],
  );

test("what the model does not read is left out", async () => {
  const path = file({ x: rows(3, 2), target: rows(3), note: rows(1) });
  const { size, tensors } = await readExamples(path, graph(), ["target"]);
  expect([size, Object.keys(tensors)]).toEqual([3, ["x", "target"]]);
});

test("what is optional is taken where it is there", async () => {
  const names = async (tensors: Readonly<Record<string, Tensor>>): Promise<string[]> =>
    Object.keys((await readExamples(file(tensors), graph(), [], ["target"])).tensors);
  expect(await names({ x: rows(2), target: rows(2) })).toEqual(["x", "target"]);
  expect(await names({ x: rows(2) })).toEqual(["x"]);
});

test.for([
  [{ x: rows(3) }, "lacks target; it has x"],
  [{ x: rows(3), target: rows(2) }, "x has 3, target has 2"],
  [{ x: rows(0), target: rows(0) }, "at least one; x has 0"],
] as const)("%#: refused", async ([tensors, message]) => {
  await expect(readExamples(file(tensors), graph(), ["target"])).rejects.toMatchObject({
    code: "DATA_INVALID",
    message: expect.stringContaining(message),
  });
});

test("every example is on one side, and the sides depend on the seed alone", () => {
  const share = fc.double({ min: 0, max: 0.9, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), share, fc.nat(), (size, part, seed) => {
      const examples = { size, tensors: { x: rows(size) } };
      const { training, validation } = splitExamples(examples, { share: part, seed });
      const seen = [training, validation].flatMap(({ tensors }) => [...(tensors["x"]?.data ?? [])]);
      expect(seen.map(Number).sort((a, b) => a - b)).toEqual([...Array(size).keys()]);
      expect(validation.size).toBe(Math.floor(size * part));
      expect(splitExamples(examples, { share: part, seed }).training).toEqual(training);
    }),
  );
});
