/** Field numbers of the tables of TensorFlow Lite's schema, version 3, that edgeloop reads and writes. */
export const tfliteFields = {
  model: {
    version: 0,
    codes: 1,
    subgraphs: 2,
    description: 3,
    buffers: 4,
    metadata: 6,
    signatures: 7,
  },
  code: { byte: 0, custom: 1, version: 2, code: 3 },
  subgraph: { tensors: 0, inputs: 1, outputs: 2, operators: 3, name: 4 },
  tensor: {
    shape: 0,
    type: 1,
    buffer: 2,
    name: 3,
    quantization: 4,
    variable: 5,
    sparsity: 6,
    signature: 7,
    hasRank: 8,
    external: 10,
  },
  quantization: { scales: 2, zeroPoints: 3, detailsTag: 4, axis: 6 },
  operator: {
    code: 0,
    inputs: 1,
    outputs: 2,
    optionsTag: 3,
    options: 4,
    custom: 5,
    intermediates: 8,
  },
  buffer: { data: 0, offset: 1, size: 2 },
  metadata: { name: 0, buffer: 1 },
  signature: { inputs: 0, outputs: 1, key: 2, subgraph: 4 },
  binding: { name: 0, tensor: 1 },
} as const;

/** Letters at byte 4 of every .tflite file. */
export const tfliteIdentifier = "TFL3";

/** The schema's version that all files since 2018 carry. */
export const tfliteVersion = 3;
