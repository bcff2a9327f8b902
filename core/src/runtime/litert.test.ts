import { expect, test } from "vitest";
import { f32, i64 } from "../graph/tensor.ts";
import { sessionContract } from "../testing/session-contract.ts";
import { affineModel, lookupModel } from "../testing/session-models.ts";
import { encodeTflite } from "../tflite/encode.ts";
import { toTflite } from "../tflite/to-tflite.ts";
import type { LitertModule } from "./litert.ts";
import { openLitert } from "./litert.ts";
import { encodeModelFor } from "./model-for.ts";
import { litertEngine } from "./node/tflite-engines.ts";

sessionContract(
  "litert",
  async (model) => openLitert(encodeModelFor(model, "litert").bytes, await litertEngine()),
  {
    isFixed: true,
    dtypes: ["float32", "int8", "uint8", "int16", "int32", "int64", "bool"],
    checksData: false,
  },
);

test("what the engine throws while it runs is RUN_FAILED", async () => {
  const { module, printed } = await litertEngine();
  const failing: LitertModule = Object.assign(Object.create(module), {
    async compileModel(...given: Parameters<LitertModule["compileModel"]>) {
      const compiled = await module.compileModel(...given);
      const run = (): never => {
        throw new Error("out of memory");
      };
      return Object.assign(Object.create(compiled), { run, delete: run });
    },
  });
  const session = await openLitert(encodeModelFor(affineModel(1), "litert").bytes, {
    module: failing,
    printed,
  });
  await expect(session.run({ x: f32([1, 2], [1, 2]) })).rejects.toMatchObject({
    code: "RUN_FAILED",
    message: expect.stringContaining("out of memory"),
  });
  // Nor does what is left of it stand in the way of the end.
  await session.dispose();
});

test("positions before 0 count from the end on both sides of a lookup", async () => {
  const bytes = encodeTflite(toTflite(lookupModel({ size: 2 })));
  const session = await openLitert(bytes, await litertEngine());
  expect(await session.run({ index: i64([-1, 0]) })).toEqual({ y: f32([30, 10]) });
});

test("an operator outside the built-in set is refused by name, before it runs and gives garbage", async () => {
  const model = toTflite(affineModel(1));
  const [graph] = model.subgraphs;
  const operators = graph?.operators.map((operator, at) =>
    at === 0 ? { ...operator, op: "CUSTOM", custom: "SignalWindow", options: {} } : operator,
  );
  const bytes = encodeTflite({ ...model, subgraphs: [{ ...graph!, operators: operators ?? [] }] });
  await expect(openLitert(bytes, await litertEngine())).rejects.toMatchObject({
    code: "MODEL_UNSUPPORTED",
    message: "LiteRT has no operator SignalWindow; use a model of built-in operators",
  });
});

test("a variable tensor is refused by name, with the backend that takes it", async () => {
  const model = toTflite(affineModel(1));
  const [graph] = model.subgraphs;
  const state = { name: "state", type: "float32", shape: [1], isVariable: true } as const;
  const tensors = [...(graph?.tensors ?? []), state];
  const bytes = encodeTflite({ ...model, subgraphs: [{ ...graph!, tensors }] });
  await expect(openLitert(bytes, await litertEngine())).rejects.toMatchObject({
    code: "MODEL_UNSUPPORTED",
    message: expect.stringMatching(/variable tensors such as state; .* backend tflite/),
  });
});

test("a version that is younger than the engine is refused by operator and number", async () => {
  const model = toTflite(affineModel(1));
  const [graph] = model.subgraphs;
  const operators = graph?.operators.map((operator) => ({ ...operator, version: 99 })) ?? [];
  const bytes = encodeTflite({ ...model, subgraphs: [{ ...graph!, operators }] });
  await expect(openLitert(bytes, await litertEngine())).rejects.toMatchObject({
    code: "MODEL_UNSUPPORTED",
    message: expect.stringMatching(/^LiteRT has no (MUL|ADD) of version 99/),
  });
});
