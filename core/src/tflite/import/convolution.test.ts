import fc from "fast-check";
import { expect, test } from "vitest";
import {
  biasOf,
  caseOf,
  constantOf,
  expectSame,
  modelOf,
  quantizedTo,
  weightsOf,
} from "../../../../test/tflite-case.ts";
import { fromTflite } from "../from-tflite.ts";

const side = fc.integer({ min: 5, max: 9 });
const small = fc.integer({ min: 1, max: 3 });
const geometry = fc.record({
  padding: fc.constantFrom("SAME", "VALID"),
  fused_activation_function: fc.constantFrom("NONE", "RELU", "RELU6"),
  stride_h: fc.integer({ min: 1, max: 3 }),
  stride_w: fc.integer({ min: 1, max: 3 }),
});
const dilation = fc.constantFrom(1, 1, 2);
const runs = { numRuns: 12 };

/** Height or width of an output. */
const outOf = (size: number, kernel: number, stride: number, padding: string): number =>
  padding === "SAME" ? Math.ceil(size / stride) : Math.floor((size - kernel) / stride) + 1;

type Layer = {
  readonly height: number;
  readonly width: number;
  readonly kernel: readonly [number, number];
  readonly options: {
    readonly padding: string;
    readonly stride_h: number;
    readonly stride_w: number;
  };
  readonly dilations?: readonly [number, number];
};

function outSize({ height, width, kernel, options, dilations = [1, 1] }: Layer): [number, number] {
  const extent = kernel.map((size, axis) => (size - 1) * (dilations[axis] ?? 1) + 1);
  return [
    outOf(height, extent[0] ?? 1, options.stride_h, options.padding),
    outOf(width, extent[1] ?? 1, options.stride_w, options.padding),
  ];
}

const convolutionLayer = fc
  .record({
    height: side,
    width: side,
    kernel: fc.tuple(small, small),
    options: geometry,
    // TensorFlow Lite has dilation or stride, not both.
    dilations: fc.tuple(dilation, dilation),
    channels: small,
    filters: small,
    batch: fc.integer({ min: 1, max: 2 }),
    seed: fc.nat(),
  })
  .map((layer) =>
    layer.options.stride_h > 1 || layer.options.stride_w > 1
      ? { ...layer, dilations: [1, 1] as [number, number] }
      : layer,
  );

const dilated = (dilations: readonly [number, number]): Record<string, number> => ({
  dilation_h_factor: dilations[0],
  dilation_w_factor: dilations[1],
});

test("a convolution is the same in real numbers", async () => {
  const property = fc.asyncProperty(convolutionLayer, async (layer) => {
    const { batch, height, width, channels, filters, kernel, options, dilations, seed } = layer;
    const weights = constantOf({ shape: [filters, ...kernel, channels] }, seed);
    const one = caseOf({
      op: "CONV_2D",
      options: { ...options, ...dilated(dilations) },
      inputs: [
        { shape: [batch, height, width, channels] },
        weights,
        // Both engines give what is in memory where a filter has no bias.
        constantOf({ shape: [filters] }, seed + 1),
      ],
      outputs: [{ shape: [batch, ...outSize(layer), filters] }],
    });
    await expectSame(one, seed);
  });
  await fc.assert(property, runs);
});

test("a convolution is the same in int8, with a scale a filter", async () => {
  const property = fc.asyncProperty(convolutionLayer, async (layer) => {
    const { height, width, channels, filters, kernel, options, dilations, seed } = layer;
    const weights = weightsOf([filters, ...kernel, channels], 0, seed);
    const one = caseOf({
      op: "CONV_2D",
      version: 3,
      options: { ...options, ...dilated(dilations) },
      inputs: [
        quantizedTo([1, height, width, channels], 0.05, 7),
        weights,
        biasOf(weights, 0.05, seed),
      ],
      outputs: [quantizedTo([1, ...outSize(layer), filters], 0.2, -9)],
    });
    await expectSame(one, seed);
  });
  await fc.assert(property, runs);
});

test("a convolution of bytes without a sign, weights included, is the same", async () => {
  const scales = { scales: [0.01], zeroPoints: [120], axis: 0 };
  const weights = constantOf({ type: "uint8", shape: [3, 3, 3, 2], quantization: scales }, 4);
  const bias = { scales: [Math.fround(0.05 * 0.01)], zeroPoints: [0], axis: 0 };
  const one = caseOf({
    op: "CONV_2D",
    options: { padding: "SAME", stride_h: 2, stride_w: 2, ...dilated([1, 1]) },
    inputs: [
      quantizedTo([1, 6, 5, 2], 0.05, 130, "uint8"),
      weights,
      { type: "int32", shape: [3], data: [100, -2000, 0], quantization: bias },
    ],
    outputs: [quantizedTo([1, 3, 3, 3], 0.2, 128, "uint8")],
  });
  expect((await expectSame(one)).integers).toBe(27);
});

test("a convolution of int16 with a bias of 64 bits is the same", async () => {
  const weights = weightsOf([3, 3, 3, 2], 0, 4);
  const one = caseOf({
    op: "CONV_2D",
    version: 4,
    options: { padding: "SAME", stride_h: 2, stride_w: 2, ...dilated([1, 1]) },
    inputs: [
      quantizedTo([1, 6, 5, 2], 0.0001, 0, "int16"),
      weights,
      { ...biasOf(weights, 0.0001, 4), type: "int64" },
    ],
    outputs: [quantizedTo([1, 3, 3, 3], 0.001, 0, "int16")],
  });
  expect((await expectSame(one)).integers).toBe(27);
});

test("a depthwise convolution has several filters a channel, side by side", async () => {
  const property = fc.asyncProperty(convolutionLayer, fc.boolean(), async (layer, isInteger) => {
    const {
      height,
      width,
      channels,
      filters: multiplier,
      kernel,
      options,
      dilations,
      seed,
    } = layer;
    const out = channels * multiplier;
    const integers = weightsOf([1, ...kernel, out], 3, seed);
    const shape = [1, height, width, channels];
    const result = [1, ...outSize(layer), out];
    const one = caseOf({
      op: "DEPTHWISE_CONV_2D",
      version: 3,
      options: { ...options, ...dilated(dilations), depth_multiplier: multiplier },
      inputs: isInteger
        ? [quantizedTo(shape, 0.05, 7), integers, biasOf(integers, 0.05, seed)]
        : [
            { shape },
            constantOf({ shape: [1, ...kernel, out] }, seed),
            constantOf({ shape: [out] }, 3),
          ],
      outputs: [isInteger ? quantizedTo(result, 0.1, -9) : { shape: result }],
    });
    await expectSame(one, seed);
  });
  await fc.assert(property, runs);
});

test("a transposed convolution has the size that is asked for", async () => {
  const property = fc.asyncProperty(convolutionLayer, fc.boolean(), async (layer, isInteger) => {
    const { height, width, channels, filters, kernel, options, seed } = layer;
    const { fused_activation_function: _, ...rest } = options;
    // The input is the size that a convolution of the output would have.
    const [inHeight, inWidth] = outSize({ height, width, kernel, options });
    const shape = [1, inHeight, inWidth, channels];
    const integers = weightsOf([filters, ...kernel, channels], 0, seed);
    const result = [1, height, width, filters];
    const one = caseOf({
      op: "TRANSPOSE_CONV",
      version: 3,
      options: rest,
      inputs: [
        { type: "int32", shape: [4], data: result },
        isInteger ? integers : constantOf({ shape: [filters, ...kernel, channels] }, seed),
        isInteger ? quantizedTo(shape, 0.05, 7) : { shape },
        isInteger ? biasOf(integers, 0.05, seed) : constantOf({ shape: [filters] }, seed),
      ],
      outputs: [isInteger ? quantizedTo(result, 0.2, -9) : { shape: result }],
    });
    await expectSame(one, seed);
  });
  await fc.assert(property, runs);
});

const convolution = (more: object = {}) => ({
  op: "CONV_2D",
  options: { stride_h: 1, stride_w: 1 },
  inputs: [{ shape: [1, 4, 4, 4] }, constantOf({ shape: [4, 1, 1, 4] }, 1)],
  outputs: [{ shape: [1, 4, 4, 4] }],
  ...more,
});

test("a bias may be left out", () => {
  const graph = fromTflite(modelOf(caseOf(convolution())));
  expect(graph.nodes.find(({ op }) => op === "Conv")?.inputs).toHaveLength(2);
});

test("filters that see a part of the channels make groups", () => {
  const inputs = [{ shape: [1, 4, 4, 4] }, constantOf({ shape: [6, 1, 1, 2] }, 1)];
  const outputs = [{ shape: [1, 4, 4, 6] }];
  const graph = fromTflite(modelOf(caseOf(convolution({ inputs, outputs }))));
  expect(graph.nodes.find(({ op }) => op === "Conv")?.attributes["group"]).toEqual({
    kind: "int",
    value: 2,
  });
});

test("between convolutions no axis is moved", () => {
  const one = caseOf(convolution());
  const layer = { ...one.operators[0]!, inputs: [2, 1], outputs: [3] };
  const two = {
    tensors: [...one.tensors, { shape: [1, 4, 4, 4] }],
    operators: [...one.operators, layer],
  };
  expect(fromTflite(modelOf(two)).nodes.map(({ op }) => op)).toEqual([
    "Transpose",
    "Conv",
    "Conv",
    "Transpose",
  ]);
});

test.for([
  ["TFLITE_INVALID", "strides must be at least 1", { options: { stride_h: 0, stride_w: 1 } }],
  [
    "TFLITE_INVALID",
    "must be [N, height, width, channels]",
    { inputs: [{ shape: [4, 4] }, constantOf({ shape: [4, 1, 1, 4] }, 1)] },
  ],
  [
    "TFLITE_INVALID",
    "four sizes of at least 1",
    { inputs: [{ shape: [1, 4, 4, 4] }, constantOf({ shape: [4, 4] }, 1)] },
  ],
  [
    "TFLITE_INVALID",
    "a multiple of the filter's",
    { inputs: [{ shape: [1, 4, 4, 4] }, constantOf({ shape: [4, 1, 1, 3] }, 1)] },
  ],
  [
    "TFLITE_UNSUPPORTED",
    "the number of channels must be known",
    {
      inputs: [
        { shape: [1, 4, 4, 4], shapeSignature: [1, 4, 4, -1] },
        constantOf({ shape: [4, 1, 1, 4] }, 1),
      ],
    },
  ],
  [
    "TFLITE_INVALID",
    "window and dilations",
    { options: { stride_h: 1, stride_w: 1, dilation_h_factor: 0 } },
  ],
] as const)("%s: %s", ([code, message, more]) => {
  const options = {
    padding: "SAME",
    fused_activation_function: "NONE",
    dilation_h_factor: 1,
    dilation_w_factor: 1,
  };
  const one = convolution(more);
  expect(() =>
    fromTflite(modelOf(caseOf({ ...one, options: { ...options, ...one.options } }))),
  ).toThrow(expect.objectContaining({ code, message: expect.stringContaining(message) }));
});

test("a depthwise filter of another form, and an output of unknown size, are refused", () => {
  const depthwise = convolution({
    op: "DEPTHWISE_CONV_2D",
    options: {
      padding: "SAME",
      stride_h: 1,
      stride_w: 1,
      dilation_h_factor: 1,
      dilation_w_factor: 1,
    },
  });
  expect(() => fromTflite(modelOf(caseOf(depthwise)))).toThrow(
    "must be [1, height, width, channels]",
  );
  const shape = [1, 4, 4, 4];
  const inputs = [
    { type: "int32", shape: [4] },
    constantOf({ shape: [4, 1, 1, 4] }, 1),
    { shape },
  ] as const;
  const transposed = { ...convolution(), op: "TRANSPOSE_CONV", inputs };
  expect(() => fromTflite(modelOf(caseOf(transposed)))).toThrow(
    "the output's shape must be a constant",
  );
});
