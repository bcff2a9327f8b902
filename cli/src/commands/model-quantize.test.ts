import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Tensor } from "@edgeloop/core/graph";
import {
  decodeOnnx,
  encodeOnnx,
  encodeSafetensors,
  f32,
  graphBuilder,
  i64,
  int,
} from "@edgeloop/core/graph";
import { gaussian, seededRng } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { TestContext } from "../testing.ts";
import { temporary, testContext } from "../testing.ts";
import { run } from "./model-quantize.ts";

const rng = seededRng(4);
const random = (shape: readonly number[], scale = 1): Tensor =>
  f32(
    Float32Array.from(
      { length: shape.reduce((n, dim) => n * dim, 1) },
      () => gaussian(rng) * scale,
    ),
    shape,
  );

/** Two layers and a head; `target` is what the float model says, so that its accuracy is 1. */
function files(): {
  readonly model: string;
  readonly data: string;
  readonly path: (name: string) => string;
} {
  const b = graphBuilder("m");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 16] });
  const dense = (from: string, [inputs, outputs]: readonly [number, number], name: string) =>
    b.add(
      "Gemm",
      [
        from,
        b.initializer(`${name}.w`, random([outputs, inputs], 0.4)),
        b.initializer(`${name}.b`, random([outputs], 0.1)),
      ],
      {
        attributes: { transB: int(1) },
        name,
      },
    );
  const h = b.add("Relu", [dense(x, [16, 64], "first")], { name: "act" });
  const g = b.add("Relu", [dense(h, [64, 64], "second")]);
  b.add("Identity", [dense(g, [64, 3], "head")], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 3] });
  const directory = temporary();
  const path = (name: string): string => join(directory, name);
  writeFileSync(path("m.onnx"), encodeOnnx(b.build()));
  const tensors = new Map<string, Tensor>([["x", random([100, 16])]]);
  writeFileSync(path("d.safetensors"), encodeSafetensors(tensors));
  return { model: path("m.onnx"), data: path("d.safetensors"), path };
}

async function quantized(
  options: Record<string, string | boolean>,
  given: ReturnType<typeof files> = files(),
): Promise<{
  found: Record<string, unknown>;
  context: TestContext;
  ops: readonly string[];
  dtypes: ReadonlySet<string>;
}> {
  const context = testContext();
  const output = given.path("q.onnx");
  const found = await run(context, [given.model], { output, backend: "wasm", ...options });
  const graph = decodeOnnx(Uint8Array.from(readFileSync(output)));
  return {
    ...{ found: { ...found }, context },
    ops: graph.nodes.map(({ op }) => op),
    dtypes: new Set([...graph.initializers.values()].map(({ dtype }) => dtype)),
  };
}

test.for(["minmax", "percentile", "entropy", "mse"])(
  "static int8 by %s, near the float model",
  async (method) => {
    const given = files();
    const { found, context, ops, dtypes } = await quantized(
      { calibration: given.data, method },
      given,
    );
    expect(found).toMatchObject({
      form: { kind: "static", method },
      examples: 100,
      leftInFloat: [],
    });
    expect(Number(Object(found["loss"]).relativeError)).toBeLessThan(0.08);
    expect(ops).toContain("QuantizeLinear");
    expect(dtypes.has("int8") && dtypes.has("int32")).toBe(true);
    expect(context.progressed[0]).toMatch(/^calibrating, batch: 1 of [24]$/);
    expect(context.said.at(-1)).toMatch(/^wrote .*q.onnx: \d+ bytes, \d+\.\d % of \d+$/);
  },
);

test.for([
  [{ dynamic: true }, "MatMulInteger", "int8"],
  [{ weights: "int8" }, "DequantizeLinear", "int8"],
  [{ weights: "int4" }, "DequantizeLinear", "int4"],
] as const)("%j needs no data", async ([options, op, dtype]) => {
  const { found, ops, dtypes } = await quantized(options);
  expect(ops).toContain(op);
  expect([...dtypes]).toContain(dtype);
  expect(found["examples"]).toBe(0);
  const { before = 0, after = 0 } = Object(found["bytes"]);
  expect(after).toBeLessThan(before / 2);
});

test("the report measures every tensor and layer, shown and written", async () => {
  const given = files();
  const { found, context } = await quantized(
    { calibration: given.data, report: given.path("r.json"), exclude: "head" },
    given,
  );
  expect(found["leftInFloat"]).toEqual(["head"]);
  const { tensors, layers } = Object(found["report"]);
  expect(layers.map(({ name }: { name: string }) => name).toSorted()).toEqual(["first", "second"]);
  expect(tensors.map(({ name }: { name: string }) => name)).toEqual(
    expect.arrayContaining(["x", "act", "y"]),
  );
  for (const { signalToNoiseDb } of [...tensors, ...layers]) {
    expect(signalToNoiseDb).toBeGreaterThan(20);
  }
  expect(JSON.parse(readFileSync(given.path("r.json"), "utf8"))).toEqual(found);
  expect(context.said.some((line) => line.includes("signal to noise of the results"))).toBe(true);
});

test("a budget leaves as many of the worst layers in float as it takes", async () => {
  const given = files();
  const all = await quantized({ calibration: given.data, weights: "int4" }, given);
  const { relativeError } = Object(all.found["loss"]);
  const { found } = await quantized(
    { calibration: given.data, weights: "int4", accuracyBudget: String(relativeError * 0.9) },
    given,
  );
  const left = Object(found["leftInFloat"]);
  expect(left.length).toBeGreaterThan(0);
  expect(left.length).toBeLessThan(3);
  const { loss, lossOfAll } = Object(found["budget"]);
  expect(lossOfAll).toBeCloseTo(relativeError);
  expect(loss).toBeLessThanOrEqual(relativeError * 0.9);
});

test("with classes, accuracy is what counts", async () => {
  const given = files();
  const target = i64(Array.from({ length: 100 }, (_, i) => i % 3));
  const tensors = new Map<string, Tensor>([
    ["x", random([100, 16])],
    ["target", target],
  ]);
  writeFileSync(given.data, encodeSafetensors(tensors));
  const { found, context } = await quantized({ calibration: given.data }, given);
  const { accuracy, loss, agreement } = Object(found["loss"]);
  expect(loss).toBeCloseTo(accuracy.before - accuracy.after);
  expect(agreement).toBeGreaterThan(0.95);
  expect(context.said.some((line) => /^accuracy [\d.]+ % before, [\d.]+ % after$/.test(line))).toBe(
    true,
  );
});

test("layers are equalized and biases corrected when asked", async () => {
  const given = files();
  const { found } = await quantized(
    { calibration: given.data, equalize: true, correctBias: true, report: true },
    given,
  );
  expect(found["equalized"]).toMatchObject([
    { first: "first", second: "second" },
    { first: "second", second: "head" },
    { first: "head", reason: "makes a result of the model" },
  ]);
  expect(found["corrected"]).toEqual({ corrected: ["first", "second", "head"], skipped: [] });
  expect(Number(Object(found["loss"]).relativeError)).toBeLessThan(0.05);
});

test("a model of integers, and one that has nothing to round, are refused", async () => {
  const given = files();
  await quantized({ weights: "int8" }, given);
  const again = { ...given, model: given.path("q.onnx") };
  await expect(quantized({ weights: "int8" }, again)).rejects.toMatchObject({
    code: "QUANTIZATION_REPEATED",
    message: `${again.model} has integer weights already: quantize the float model that it was made of`,
  });
  await expect(quantized({ dynamic: true, exclude: "*" }, given)).rejects.toMatchObject({
    code: "QUANTIZATION_EMPTY",
    message: expect.stringContaining(`no layer of ${given.model} became integers: it takes`),
  });
});

test("data that are not finite are refused by the value's name", async () => {
  const given = files();
  const x = f32(new Float32Array(16).fill(Number.NaN), [1, 16]);
  writeFileSync(given.data, encodeSafetensors(new Map<string, Tensor>([["x", x]])));
  await expect(quantized({ calibration: given.data }, given)).rejects.toMatchObject({
    code: "RANGE_INVALID",
    message: '"x.observed" needs finite observations alone',
  });
});

test("what is not there is refused, and nothing is written", async () => {
  const given = files();
  await expect(quantized({ calibration: given.path("no.npz") }, given)).rejects.toMatchObject({
    code: "FILE_MISSING",
  });
  await expect(
    quantized({ calibration: given.data, exclude: "nose" }, given),
  ).rejects.toMatchObject({
    code: "USAGE",
  });
  await expect(quantized({}, given)).rejects.toMatchObject({ code: "USAGE" });
  expect(() => readFileSync(given.path("q.onnx"))).toThrow("ENOENT");
});
