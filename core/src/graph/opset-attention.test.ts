import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { gradientsOf } from "../../../test/reference/gradient-suite.ts";
import { run } from "../../../test/reference/interpreter.ts";
import { runtimes } from "../../../test/reference/onnxruntime.ts";
import { runGraph } from "../../../test/run-graph.ts";
import type { Attributes } from "./builder.ts";
import { float, graphBuilder, int } from "./builder.ts";
import type { Graph } from "./graph.ts";
import { normaliseOpset } from "./onnx-normalise.ts";
import { normaliseAttention } from "./opset-attention.ts";
import type { Tensor } from "./tensor.ts";
import { f32, sizeOf } from "./tensor.ts";

/** What onnxruntime computes: test/fixtures/graph/make-attention.py. */
type Form = {
  readonly shapes: readonly (readonly number[])[];
  readonly attributes: Readonly<Record<string, number>>;
  readonly mask: "bool" | "float" | null;
  readonly shape: readonly number[];
  readonly y: readonly number[];
};
const forms = JSON.parse(
  readFileSync(new URL("../../../test/fixtures/graph/attention.json", import.meta.url), "utf8"),
) as Readonly<Record<string, Form>>;

/** The script's formula. */
const fill = (shape: readonly number[], seed: number): Tensor => {
  const at = (i: number): number => (((i * 7919 + seed * 101) % 2003) / 2003) * 4 - 2;
  return f32(
    Float32Array.from({ length: sizeOf(shape) }, (_, i) => at(i)),
    shape,
  );
};

function maskOf({ mask, shapes }: Form): Tensor | undefined {
  const size = [shapes[0]!.at(-2)!, shapes[1]!.at(-2)!];
  const values = fill(size, 9);
  if (mask !== "bool") return mask === null ? undefined : values;
  const isFirst = (i: number): boolean => i % size[1]! === 0;
  const data = Array.from(values.data as Float32Array, (e, i) => Number(e > -1 || isFirst(i)));
  return { dtype: "bool", shape: size, data: Uint8Array.from(data) };
}

const attributesOf = ({ attributes }: Form): Attributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      ["scale", "softcap"].includes(name) ? float(value) : int(value),
    ]),
  );

function attention(form: Form): { graph: Graph; feeds: Record<string, Tensor> } {
  const b = graphBuilder("attention");
  const mask = maskOf(form);
  const feeds = {
    ...Object.fromEntries(["q", "k", "v"].map((name, i) => [name, fill(form.shapes[i]!, i)])),
    ...(mask === undefined ? {} : { mask }),
  };
  for (const [name, { dtype, shape }] of Object.entries(feeds)) b.input({ name, dtype, shape });
  b.add("Attention", Object.keys(feeds), { outputs: ["y"], attributes: attributesOf(form) });
  b.output({ name: "y", dtype: "float32" });
  return { graph: normaliseOpset(b.build(), 23), feeds };
}

test.for(Object.entries(forms))(
  "%s: written out it computes what onnxruntime's does",
  async ([, form]) => {
    const { graph, feeds } = attention(form);
    expect(graph.nodes.some(({ op }) => op === "Attention")).toBe(false);
    const { y } = await runGraph(graph, feeds);
    expect(y!.shape).toEqual(form.shape);
    for (const [i, e] of form.y.entries()) expect(Number(y!.data[i])).toBeCloseTo(e, 5);
  },
);

test.for(Object.entries(forms))("%s: its gradient is the central difference", async ([, form]) => {
  const { graph, feeds } = attention(form);
  expect(runtimes.size).toBeGreaterThan(0);
  const up = fill(form.shape, 5);
  const found = await gradientsOf(graph, feeds, up);
  const at = (name: string, by: number): number => {
    const x = feeds[name]!;
    const data = Float64Array.from(x.data as Float32Array, (e, i) => e + by * Math.cos(i));
    const y = run(graph, { ...feeds, [name]: { dtype: "float64", shape: x.shape, data } })["y"]!;
    return (y.data as Float64Array).reduce((sum, e, i) => sum + e * Number(up.data[i]), 0);
  };
  for (const name of ["q", "k", "v"]) {
    const along = found[name]!.reduce((sum, e, i) => sum + e * Math.cos(i), 0);
    const difference = (at(name, 1e-5) - at(name, -1e-5)) / 2e-5;
    expect(Math.abs(along - difference), name).toBeLessThan(1e-6 * (1 + Math.abs(difference)));
  }
});

test.for<[string, readonly string[], readonly string[]]>([
  ["with a cache of keys and values is not read", ["q", "q", "q", "", "q", "q"], ["y"]],
  ["that gives its cache or its scores is not read", ["q", "q", "q"], ["y", "past"]],
])("one %s", ([reason, inputs, outputs]) => {
  const b = graphBuilder("attention");
  b.input({ name: "q", dtype: "float32", shape: [1, 1, 2, 2] });
  b.addMany("Attention", inputs, outputs.length, { name: "att", outputs });
  expect(() => normaliseAttention(b.build(), new Set())).toThrow(
    expect.objectContaining({
      code: "ONNX_OPSET_UNSUPPORTED",
      message: `Attention ${reason}`,
      details: { op: "Attention", node: "att" },
    }),
  );
});

test("a number of heads that does not divide, and a mask of no known type, are refused", () => {
  const b = graphBuilder("attention");
  for (const [name, heads] of [
    ["q", 3],
    ["k", 2],
  ] as const) {
    b.input({ name, dtype: "float32", shape: [1, heads, 2, 2] });
  }
  b.add("Attention", ["q", "k", "k"], { outputs: ["y"] });
  const refused = (words: string) =>
    expect.objectContaining({
      code: "ONNX_OPSET_UNSUPPORTED",
      message: expect.stringContaining(words),
    });
  expect(() => normaliseAttention(b.build(), new Set())).toThrow(
    refused("cannot share 2 heads among 3"),
  );
  const c = graphBuilder("attention");
  c.input({ name: "q", dtype: "float32", shape: [1, 1, 2, 2] });
  c.add("Elsewhere", ["q"], { outputs: ["mask"], domain: "other" });
  c.add("Attention", ["q", "q", "q", "mask"], { outputs: ["y"] });
  expect(() => normaliseAttention(c.build(), new Set())).toThrow(
    refused("whose type is known, not mask"),
  );
});
