import { expect, test } from "vitest";
import { decodeTflite } from "./decode.ts";
import { encodeTflite } from "./encode.ts";
import type { TfliteModel, TfliteOperator } from "./model.ts";

const data = Uint8Array.of(0, 0, 128, 63);
const add: TfliteOperator = {
  op: "ADD",
  version: 1,
  inputs: [0, 1],
  outputs: [2],
  options: { fused_activation_function: "RELU", pot_scale_int16: true },
};
const tensor = { type: "float32", shape: [1], isVariable: false } as const;
const model: TfliteModel = {
  description: "adds one",
  subgraphs: [
    {
      name: "main",
      tensors: [
        { ...tensor, name: "x", shapeSignature: [-1] },
        { ...tensor, name: "one", data },
        { ...tensor, name: "y" },
        { ...tensor, name: "state", isVariable: true },
        {
          name: "q",
          type: "int8",
          shape: [2],
          data: Uint8Array.of(1, 255),
          quantization: { scales: [0.5, 0.25], zeroPoints: [0, -3], axis: 0 },
          isVariable: false,
        },
      ],
      inputs: [0],
      outputs: [2],
      operators: [
        add,
        { ...add, version: 2, inputs: [0, -1] },
        {
          op: "CUSTOM",
          custom: "Own",
          version: 1,
          inputs: [],
          outputs: [2],
          intermediates: [1],
          options: {},
          customOptions: Uint8Array.of(1, 2),
        },
        { op: "GELU", version: 1, inputs: [0], outputs: [2], options: { approximate: true } },
      ],
    },
  ],
  metadata: [{ name: "min_runtime_version", data: Uint8Array.of(49) }],
  signatures: [
    {
      key: "serving_default",
      subgraph: 0,
      inputs: [{ name: "in", tensor: 0 }],
      outputs: [{ name: "out", tensor: 2 }],
    },
  ],
};

test("everything that a model has is read again", () => {
  expect(decodeTflite(encodeTflite(model))).toEqual(model);
});

test("data lies at multiples of 16, and once however many tensors have it", () => {
  const big = new Uint8Array(1000).fill(7);
  const tensors = ["a", "b", "c"].map((name) => ({ ...tensor, name, data: big }));
  const bytes = encodeTflite({
    ...model,
    subgraphs: [{ name: "", tensors, inputs: [], outputs: [], operators: [] }],
  });
  const found = decodeTflite(bytes).subgraphs[0]?.tensors ?? [];
  expect(found.map((one) => (one.data?.byteOffset ?? 1) % 16)).toEqual([0, 0, 0]);
  expect(found[0]?.data).toBe(found[2]?.data);
  expect(bytes.length).toBeLessThan(2000);
});

test("the file says what it is", () => {
  const bytes = encodeTflite(model);
  expect(String.fromCharCode(...bytes.subarray(4, 8))).toBe("TFL3");
});

test("an operator that the schema does not have is refused by name", () => {
  const [subgraph] = model.subgraphs;
  const odd = {
    ...model,
    subgraphs: [{ ...subgraph!, operators: [{ ...add, op: "CONV_9D", options: {} }] }],
  };
  expect(() => encodeTflite(odd)).toThrow(
    expect.objectContaining({
      code: "TFLITE_INVALID",
      message: "the schema has no operator CONV_9D",
    }),
  );
});
