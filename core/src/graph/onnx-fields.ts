/** Field numbers of onnx.proto, by message. @see https://github.com/onnx/onnx/blob/main/onnx/onnx.proto */
export const onnxFields = {
  model: {
    irVersion: 1,
    producer: 2,
    graph: 7,
    opsets: 8,
    metadata: 14,
    training: 20,
    functions: 25,
  },
  opset: { domain: 1, version: 2 },
  entry: { key: 1, value: 2 },
  function: {
    name: 1,
    inputs: 4,
    outputs: 5,
    nodes: 7,
    opsets: 9,
    domain: 10,
    defaults: 11,
    overload: 13,
  },
  graph: { nodes: 1, name: 2, initializers: 5, inputs: 11, outputs: 12, sparse: 15 },
  node: { inputs: 1, outputs: 2, name: 3, op: 4, attributes: 5, domain: 7, overload: 8 },
  attribute: {
    name: 1,
    float: 2,
    int: 3,
    string: 4,
    tensor: 5,
    graph: 6,
    floats: 7,
    ints: 8,
    strings: 9,
    type: 20,
    reference: 21,
  },
  value: { name: 1, type: 2 },
  type: { tensor: 1 },
  tensorType: { element: 1, shape: 2 },
  shape: { dims: 1 },
  dim: { size: 1, name: 2 },
  tensor: {
    dims: 1,
    dtype: 2,
    segment: 3,
    floats: 4,
    int32s: 5,
    strings: 6,
    int64s: 7,
    name: 8,
    raw: 9,
    doubles: 10,
    uint64s: 11,
    external: 13,
    location: 14,
  },
} as const;

/** Numbers of `AttributeProto.AttributeType`, by kind of `Attribute`. */
export const onnxAttributeTypes = {
  float: 1,
  int: 2,
  string: 3,
  tensor: 4,
  graph: 5,
  floats: 6,
  ints: 7,
  strings: 8,
} as const;

/** The IR version that is written: the first that belongs to opset 21. */
export const onnxIrVersion = 10;

/** Versions of the operator sets outside the standard one, as they are written. */
export const onnxDomainVersions: ReadonlyMap<string, number> = new Map([
  ["ai.onnx.ml", 3],
  ["com.microsoft", 1],
]);
