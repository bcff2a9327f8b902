import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { data, fileOf, oldFile, oldForms } from "../../../test/old-onnx.ts";
import type { Maker } from "../../../test/reference/case.ts";
import { drawFrom } from "../../../test/reference/case.ts";
import { cases } from "../../../test/reference/cases.ts";
import { difference, engines, runGraph } from "../../../test/run-graph.ts";
import { float, int } from "./builder.ts";
import type { Attribute } from "./graph.ts";
import { opsetInternal } from "./graph.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { rewritesOf } from "./opset-rewrites.ts";
import type { Tensor, Tensors } from "./tensor.ts";
import { f32 } from "./tensor.ts";

const x = data(2, 3, 4);

// The oracle is onnxruntime on the file as it is, which knows the old forms.
const runtime = engines.at(-1)![1];
test.for(oldForms)("a %s-opset %s computes the same once it was read", async ([opset, op, how]) => {
  expect(await disagreement(oldFile(opset, op, how), { x: how.x })).toBeLessThan(1e-6);
});

/** The largest difference between what a file computes as it is, and once it was read. */
async function disagreement(bytes: Uint8Array<ArrayBuffer>, feeds: Tensors): Promise<number> {
  const expected = await runGraph(bytes, feeds, runtime);
  const actual = await runGraph(decodeOnnx(bytes), feeds, runtime);
  expect(Object.keys(actual)).toEqual(Object.keys(expected));
  return Math.max(...Object.keys(expected).map((y) => difference(actual[y], expected[y])));
}

type History = Readonly<
  Record<string, { readonly versions: readonly number[]; readonly changed: readonly number[] }>
>;

/** The schemas' history by onnx's own Python package (fixtures/graph/make-opset-history.py). */
const history: History = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/graph/opset-history.json", import.meta.url), "utf8"),
);

/** Opsets of each time that an operator was of one form, from 7 to the internal one. */
const timesOf = (op: string): readonly number[] => {
  const versions = history[op]?.versions ?? [];
  const starts = versions.filter((version) => version > 7 && version <= opsetInternal);
  return versions.some((version) => version <= 7) ? [7, ...starts] : starts;
};

/** onnxruntime 1.30 has no kernel for recurrence that is batch first, of whatever opset. */
const makers = Object.entries(cases)
  .filter(([name]) => !name.endsWith("batch first"))
  .map(([name, maker]): [string, string, Maker] => [name, name.split(" ")[0] ?? "", maker]);

test("what had another form between opset 7 and today is among the old forms", () => {
  const missing = makers.flatMap(([, op]) => {
    const { changed = [] } = history[op] ?? {};
    const starts = timesOf(op).filter((start) => start < (changed.at(-1) ?? 0));
    const ends = [...starts.slice(1), changed.at(-1) ?? 0];
    return starts.flatMap((start, i) =>
      oldForms.some(([opset, name]) => name === op && opset >= start && opset < (ends[i] ?? 0))
        ? []
        : [`${op} of opset ${start}`],
    );
  });
  expect([...new Set(missing)]).toEqual([]);
});

/** The first draws of a case that the runtime takes as a file of an opset; it refuses attributes to come. */
async function agreements(maker: Maker, opset: number): Promise<readonly number[]> {
  const found: number[] = [];
  for (let seed = 0; seed < 6 && found.length < 1; seed += 1) {
    const { graph, feeds } = maker(drawFrom(seed));
    const bytes = fileOf(graph, opset);
    const isTaken = await runGraph(bytes, feeds, runtime).then(
      () => true,
      () => false,
    );
    if (isTaken) found.push(await disagreement(bytes, feeds));
  }
  return found;
}

test.for(makers)(
  "%s computes the same from every opset that has its form",
  async ([, op, maker]) => {
    const since = history[op]?.changed.at(-1) ?? 0;
    const opsets = timesOf(op).filter((opset) => opset >= since);
    const found = await Promise.all(opsets.map((opset) => agreements(maker, opset)));
    // What only the newest form can say is refused by the runtime in older files.
    expect(found.flat().length).toBeGreaterThan(0);
    for (const each of found.flat()) expect(each).toBeLessThan(1e-5);
  },
);

// Hand computation: x over the root of the mean square of its last axis, times the scale.
test("RMSNormalization of opset 23 is its definition", async () => {
  const how: { x: Tensor; constants: Tensor[]; attributes: { epsilon: Attribute } } = {
    x: f32([3, 4, 0, 2], [2, 2]),
    constants: [f32([1, 10])],
    attributes: { epsilon: float(0) },
  };
  const graph = decodeOnnx(oldFile(23, "RMSNormalization", how));
  const { y0 } = await runGraph(graph, { x: how.x });
  const [a, b] = [Math.sqrt(12.5), Math.sqrt(2)];
  const expected = f32([3 / a, 40 / a, 0, 20 / b], [2, 2]);
  expect(difference(y0, expected)).toBeLessThan(1e-5);
  const fromStart = { ...how, attributes: { ...how.attributes, axis: int(1) } };
  const same = decodeOnnx(oldFile(23, "RMSNormalization", fromStart));
  expect(difference((await runGraph(same, { x: how.x }))["y0"], expected)).toBeLessThan(1e-5);
});

test.for([
  ["RotaryEmbedding", 23, {}, "came after opset 21"],
  ["QuantizeLinear", 23, { precision: int(1) }, "with precision is not of opset 21"],
  ["Add", 6, { axis: int(1), broadcast: int(1) }, "broadcasts along an axis"],
  ["PRelu", 6, {}, "has another form below opset 7"],
  ["Dropout", 6, {}, "is in training mode"],
  ["BatchNormalization", 7, { spatial: int(0) }, "is not read below opset 14"],
] as const)("%s of opset %i is refused by code", ([op, opset, attributes, message]) => {
  expect(() => decodeOnnx(oldFile(opset, op, { x, attributes }))).toThrow(
    expect.objectContaining({
      code: "ONNX_OPSET_UNSUPPORTED",
      message: expect.stringContaining(message),
    }),
  );
});

test("an operator that nothing changed has no rewrites, whatever its name", () => {
  expect(rewritesOf("Relu")).toEqual([]);
  expect(rewritesOf("constructor")).toEqual([]);
});
