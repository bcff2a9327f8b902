import { readFileSync } from "node:fs";
import fc from "fast-check";
import { expect, test } from "vitest";
import { codeOf, EdgeloopError } from "../platform/errors.ts";
import { int } from "./builder.ts";
import { estimate } from "./estimate.ts";
import type { Attribute, Graph } from "./graph.ts";
import { inferKnown, inferValues } from "./infer.ts";
import { decodeNpz, encodeNpz } from "./npz.ts";
import { externalFrom, externalLocations } from "./onnx-external.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { encodeOnnx } from "./onnx-write.ts";
import { print } from "./print.ts";
import { decodeSafetensors, encodeSafetensors } from "./safetensors.ts";
import { simplify } from "./simplify.ts";
import type { Tensor } from "./tensor.ts";
import { f32, i64 } from "./tensor.ts";
import { validate } from "./validate.ts";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/graph/${name}`, import.meta.url)));

/** Runs what may only throw coded errors; the code, or `""`. */
function codeOfCall(call: () => unknown): string {
  try {
    call();
    return "";
  } catch (error) {
    if (error instanceof EdgeloopError) return codeOf(error);
    throw error;
  }
}

/** A varint of as many bytes as protobuf allows, for the largest number there is. */
const longVarint = Uint8Array.of(255, 255, 255, 255, 255, 255, 255, 255, 255, 1);

/** Changes bytes as transport, broken writers and attackers do. */
const mutation = (length: number): fc.Arbitrary<(bytes: Uint8Array) => Uint8Array> => {
  const place = fc.nat(length - 1);
  const splice = (bytes: Uint8Array, at: number, cut: number, put: Uint8Array): Uint8Array => {
    const whole = new Uint8Array(Math.max(0, bytes.length - cut) + put.length + cut);
    whole.set(bytes.subarray(0, at));
    whole.set(put, at);
    const rest = bytes.subarray(at + cut);
    whole.set(rest, at + put.length);
    return whole.subarray(0, at + put.length + rest.length);
  };
  return fc.oneof(
    // one bit
    fc.tuple(place, fc.nat(7)).map(([at, bit]) => (bytes: Uint8Array) => {
      const flipped = Uint8Array.from(bytes);
      flipped[at % bytes.length] = (bytes[at % bytes.length] ?? 0) ^ (1 << bit);
      return flipped;
    }),
    // a cut
    place.map((at) => (bytes: Uint8Array) => bytes.slice(0, at)),
    // a number that is as large as can be
    place.map((at) => (bytes: Uint8Array) => splice(bytes, at % bytes.length, 1, longVarint)),
    // a part of the file inside another: messages in messages, names twice
    fc.tuple(place, place, fc.nat(200), fc.nat(20)).map(
      ([from, to, count, cut]) =>
        (bytes: Uint8Array) =>
          splice(bytes, to % bytes.length, cut, bytes.slice(from, from + count)),
    ),
    // a byte that is often a tag or a length
    fc.tuple(place, fc.constantFrom(0, 1, 8, 10, 18, 34, 42, 50, 58, 66, 127, 128, 255)).map(
      ([at, value]) =>
        (bytes: Uint8Array) =>
          Uint8Array.from(bytes).with(at % bytes.length, value),
    ),
  );
};

const mutations = (bytes: Uint8Array): fc.Arbitrary<Uint8Array> =>
  fc
    .array(mutation(bytes.length), { minLength: 1, maxLength: 4 })
    .map((steps) => steps.reduce((from, step) => (from.length === 0 ? from : step(from)), bytes));

/** Does with a graph what tools do with one that they read. */
function useGraph(graph: Graph): void {
  codeOfCall(() => validate(graph));
  codeOfCall(() => inferKnown(graph));
  codeOfCall(() => estimate(graph));
  codeOfCall(() => print(graph));
  codeOfCall(() => encodeOnnx(simplify(graph)));
}

const external = externalFrom(new Map([["external.bin", fixture("external.bin")]]));
const memoryBytes = (): number => {
  const { arrayBuffers, heapUsed } = process.memoryUsage();
  return arrayBuffers + heapUsed;
};

test.for(["cnn.onnx", "opset13.onnx", "functions.onnx", "control-flow.onnx", "external.onnx"])(
  "%s with bytes changed is read or refused by code, and never takes long or much memory",
  (name) => {
    const bytes = fixture(name);
    fc.assert(
      fc.property(mutations(bytes), (changed) => {
        const [startMs, before] = [performance.now(), memoryBytes()];
        codeOfCall(() => externalLocations(changed));
        let graph: Graph | undefined;
        codeOfCall(() => {
          graph = decodeOnnx(changed, { external });
        });
        if (graph !== undefined) useGraph(graph);
        expect(performance.now() - startMs).toBeLessThan(2000);
        expect(memoryBytes() - before).toBeLessThan(256 * 1024 * 1024);
      }),
      { numRuns: 300 },
    );
  },
);

const tensors = new Map<string, Tensor>([
  ["w", f32([1, 2, 3, 4], [2, 2])],
  ["n", i64([1, 2, 3])],
]);

test.for([
  ["safetensors", encodeSafetensors(tensors, { a: "b" }), decodeSafetensors],
  ["npz", encodeNpz(tensors), decodeNpz],
] as const)("a changed .%s file is read or refused by code", ([, bytes, decode]) => {
  fc.assert(
    fc.property(mutations(bytes), (changed) => {
      const before = memoryBytes();
      codeOfCall(() => decode(changed));
      expect(memoryBytes() - before).toBeLessThan(256 * 1024 * 1024);
    }),
    { numRuns: 400 },
  );
});

/** Loops inside loops, each with a value that changes its shape from round to round. */
function nested(depth: number, width: number): Graph {
  const carried = `s${depth}`;
  const body: Graph =
    depth === 0
      ? {
          name: "inner",
          inputs: ["i0", "c0", "s0"].map((name) => ({ name, dtype: "float32" })),
          outputs: ["c0", "t0"].map((name) => ({ name, dtype: "float32" })),
          nodes: Array.from({ length: width }, (_, i) => ({
            name: "",
            op: "Concat",
            inputs: [i === 0 ? "s0" : `u${i - 1}`, "s0"],
            outputs: [i === width - 1 ? "t0" : `u${i}`],
            attributes: { axis: int(0) },
          })),
          initializers: new Map(),
        }
      : nested(depth - 1, width);
  const attribute: Attribute = { kind: "graph", value: body };
  return {
    name: `level${depth}`,
    inputs: [`i${depth + 1}`, `c${depth + 1}`, `s${depth + 1}`].map((name) => ({
      name,
      dtype: "float32",
      shape: [1],
    })),
    outputs: [`c${depth + 1}`, `t${depth + 1}`].map((name) => ({ name, dtype: "float32" })),
    nodes: [
      {
        name: carried,
        op: "Loop",
        inputs: ["", "", `s${depth + 1}`],
        outputs: [`t${depth + 1}`],
        attributes: { body: attribute },
      },
    ],
    initializers: new Map(),
  };
}

test("loops in loops that never settle are given up, not followed for ever", () => {
  const startMs = performance.now();
  expect(codeOfCall(() => inferValues(nested(7, 4000)))).toBe("GRAPH_INVALID");
  expect(performance.now() - startMs).toBeLessThan(10_000);
  expect(codeOfCall(() => inferValues(nested(2, 5)))).toBe("");
});
