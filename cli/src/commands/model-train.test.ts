import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { decodeOnnx, encodeOnnx, encodeSafetensors, f32, graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { run as merge } from "./model-merge.ts";
import { run } from "./model-train.ts";

/** y = x w + b, and 100 examples of y = 3 x - 2. */
function files(): { model: string; options: Record<string, string> } {
  const b = graphBuilder("line");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  const product = b.add("MatMul", [x, b.initializer("w", f32([0], [1, 1]))]);
  b.add("Add", [product, b.initializer("b", f32([0], [1]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  const directory = temporary();
  const file = (name: string): string => join(directory, name);
  writeFileSync(file("model.onnx"), encodeOnnx(b.build()));
  const inputs = Float32Array.from({ length: 100 }, (_, i) => i / 50 - 1);
  const data = new Map([
    ["x", f32(inputs, [100, 1])],
    [
      "target",
      f32(
        inputs.map((value) => 3 * value - 2),
        [100, 1],
      ),
    ],
  ]);
  writeFileSync(file("data.safetensors"), encodeSafetensors(data));
  return {
    model: file("model.onnx"),
    options: {
      ...{ data: file("data.safetensors"), output: file("trained.onnx"), backend: "wasm" },
      ...{ loss: "mean-squared", optimizer: "sgd:momentum=0.9", learningRate: "0.1" },
      ...{ epochs: "30", batch: "16", validation: "0.2" },
    },
  };
}

const weightsOf = (path = ""): number[] => {
  const { initializers } = decodeOnnx(Uint8Array.from(readFileSync(path)));
  return ["w", "b"].map((name) => Number(initializers.get(name)?.data[0]));
};

test("a line is found, the best epoch is kept, and progress is told", async () => {
  const { model, options } = files();
  const context = testContext();
  const found = await run(context, [model], options);
  const [w, b] = weightsOf(options["output"]);
  expect(w).toBeCloseTo(3, 2);
  expect(b).toBeCloseTo(-2, 2);
  expect(found).toMatchObject({ examples: 80, heldOut: 20, backend: "wasm" });
  expect(context.progressed).toHaveLength(30);
  expect(context.progressed[0]).toMatch(/^epoch 1 of 30, loss [\d.]+, held out [\d.]+$/);
  expect(context.said.filter((line) => line.endsWith("kept"))).toHaveLength(1);
});

test("one seed gives one result, another seed another", async () => {
  const trained = async (seed: string): Promise<number[]> => {
    const { model, options } = files();
    await run(testContext(), [model], { ...options, epochs: "2", seed });
    return weightsOf(options["output"]);
  };
  const first = await trained("1");
  expect(await trained("1")).toEqual(first);
  expect(await trained("2")).not.toEqual(first);
});

test("patience ends training, and nothing held out keeps the last epoch", async () => {
  const { model, options } = files();
  const far = { ...options, learningRate: "1e-30", patience: "2" };
  expect(await run(testContext(), [model], far)).toMatchObject({
    epochs: { length: 3 },
    bestEpoch: 0,
  });
  const all = { ...options, validation: "0", epochs: "2" };
  expect(await run(testContext(), [model], all)).toMatchObject({ bestEpoch: 1, heldOut: 0 });
});

test("several steps a call learn what one a call learns, but for the rate inside a call", async () => {
  const trained = async (unroll: string) => {
    const { model, options } = files();
    await run(testContext(), [model], { ...options, unroll });
    return weightsOf(options["output"]);
  };
  const [one, three] = [await trained("1"), await trained("3")];
  for (const [at, value] of one.entries()) expect(three[at]).toBeCloseTo(value, 2);
});

test("other examples may judge, and a stop keeps the best epoch so far", async () => {
  const { model, options } = files();
  const other = { ...options, validation: options["data"] ?? "", epochs: "2" };
  expect(await run(testContext(), [model], other)).toMatchObject({
    ...{ examples: 100, heldOut: 100, isStopped: false },
  });
  const missing = { ...options, validation: "nowhere.safetensors" };
  await expect(run(testContext(), [model], missing)).rejects.toMatchObject({
    code: "FILE_MISSING",
  });
  const controller = new AbortController();
  const context = {
    ...testContext(),
    signal: controller.signal,
    progress: (line: string) => {
      if (line.startsWith("epoch 3 ")) controller.abort();
    },
  };
  expect(await run(context, [model], options)).toMatchObject({
    ...{ isStopped: true, epochs: { length: 3 } },
  });
  expect(weightsOf(options["output"])[0]).not.toBe(0);
});

test("a stop in the first epoch writes nothing", async () => {
  const { model, options } = files();
  const context = { ...testContext(), signal: AbortSignal.abort() };
  await expect(run(context, [model], options)).rejects.toMatchObject({
    code: "TRAINING_INTERRUPTED",
  });
  expect(() => weightsOf(options["output"])).toThrow("ENOENT");
});

test("an autoencoder learns from its inputs alone", async () => {
  const { options } = files();
  const b = graphBuilder("copy");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  b.add("MatMul", [x, b.initializer("w", f32([0], [1, 1]))], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  const model = join(temporary(), "copy.onnx");
  writeFileSync(model, encodeOnnx(b.build()));
  await run(testContext(), [model], { ...options, loss: "reconstruction" });
  const { initializers } = decodeOnnx(Uint8Array.from(readFileSync(options["output"] ?? "")));
  expect(Number(initializers.get("w")?.data[0])).toBeCloseTo(1, 3);
});

test("what is frozen stays", async () => {
  const { model, options } = files();
  await run(testContext(), [model], { ...options, freeze: "b" });
  expect(weightsOf(options["output"])[1]).toBe(0);
});

test("a rate that diverges says so, and nothing is written", async () => {
  const { model, options } = files();
  await expect(
    run(testContext(), [model], { ...options, learningRate: "1e6" }),
  ).rejects.toMatchObject({ code: "TRAINING_DIVERGED" });
  expect(() => weightsOf(options["output"])).toThrow("ENOENT");
});

test("adapters are trained and written alone, and merged they are the model that was measured", async () => {
  const b = graphBuilder("map");
  const zeros = f32(new Float32Array(64), [8, 8]);
  b.add(
    "MatMul",
    [b.input({ name: "x", dtype: "float32", shape: ["N", 8] }), b.initializer("w", zeros)],
    {
      outputs: ["y"],
    },
  );
  b.output({ name: "y", dtype: "float32", shape: ["N", 8] });
  const directory = temporary();
  const file = (name: string): string => join(directory, name);
  writeFileSync(file("model.onnx"), encodeOnnx(b.build()));
  // The target is a map of rank 1: each output is the sum of the inputs.
  const x = Float32Array.from({ length: 400 }, (_, i) => ((i * 7919) % 2003) / 1001 - 1);
  const sums = Array.from({ length: 50 }, (_, row) =>
    x.subarray(8 * row, 8 * row + 8).reduce((a, c) => a + c, 0),
  );
  const target = f32(
    Float32Array.from({ length: 400 }, (_, i) => sums[i >> 3] ?? 0),
    [50, 8],
  );
  writeFileSync(
    file("data.safetensors"),
    encodeSafetensors(
      new Map([
        ["x", f32(x, [50, 8])],
        ["target", target],
      ]),
    ),
  );
  const options = {
    ...{ data: file("data.safetensors"), output: file("adapter.safetensors"), backend: "wasm" },
    ...{ loss: "mean-squared", optimizer: "adam", learningRate: "0.05", adapter: "rank=1,alpha=2" },
    ...{ epochs: "60", batch: "10", validation: "0.2" },
  };
  const { epochs, bestEpoch } = (await run(testContext(), [file("model.onnx")], options)) as {
    readonly epochs: readonly { readonly metric: number }[];
    readonly bestEpoch: number;
  };
  expect(epochs[bestEpoch]?.metric).toBeLessThan(0.05 * (epochs[0]?.metric ?? 0));
  const merged = { adapter: file("adapter.safetensors"), output: file("merged.onnx") };
  await merge(testContext(), [file("model.onnx")], merged);
  const { initializers } = decodeOnnx(Uint8Array.from(readFileSync(file("merged.onnx"))));
  const off = Array.from((initializers.get("w")?.data ?? []) as Float32Array, (value) =>
    Math.abs(value - 1),
  );
  expect(off).toHaveLength(64);
  expect(Math.max(...off)).toBeLessThan(0.2);
  await expect(
    run(testContext(), [file("model.onnx")], { ...options, output: file("m.onnx") }),
  ).rejects.toMatchObject({
    code: "USAGE",
    message: expect.stringContaining("--output must end with .safetensors"),
  });
});

test("with rounding in the graph an int8 model comes out, and goes on learning", async () => {
  const { model, options } = files();
  await run(testContext(), [model], { ...options, quantizeAware: true });
  const path = options["output"] ?? "";
  const int8 = decodeOnnx(Uint8Array.from(readFileSync(path)));
  const stored = int8.initializers.get("w.int8");
  expect(stored?.dtype).toBe("int8");
  // Weights of 0 get steps of 1, and 3 is what the data ask for.
  expect(int8.initializers.get("w.scale")?.data[0]).toBe(1);
  expect(stored?.data[0]).toBe(3);
  const again = `${path}.again.onnx`;
  await run(testContext(), [path], { ...options, output: again, epochs: "1" });
  const tuned = decodeOnnx(Uint8Array.from(readFileSync(again)));
  expect(tuned.nodes.map(({ op }) => op)).toEqual(int8.nodes.map(({ op }) => op));
});
