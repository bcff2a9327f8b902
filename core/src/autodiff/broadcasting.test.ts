// Broadcasting in every position: what is repeated on the way gets the sum, as if it had been written out.
import fc from "fast-check";
import { expect, test } from "vitest";
import { caseOf } from "../../../test/reference/case.ts";
import { run } from "../../../test/reference/interpreter.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, sizeOf } from "../graph/tensor.ts";
import { seededRng } from "../platform/random.ts";
import { differentiate } from "./differentiate.ts";

/** How an operator is given its inputs: which are floats, what stands beside them. */
type Form = { readonly inputs: number; readonly isPositive?: boolean; readonly onlyLast?: boolean };
const forms: Readonly<Record<string, Form>> = {
  ...Object.fromEntries(["Add", "Sub", "Mul", "Min", "Max"].map((op) => [op, { inputs: 2 }])),
  Div: { inputs: 2, isPositive: true },
  Pow: { inputs: 2, isPositive: true },
  // The slope is repeated, the input is not.
  PRelu: { inputs: 2, onlyLast: true },
  Sum: { inputs: 3 },
  Mean: { inputs: 3 },
  Where: { inputs: 3 },
};

type Shapes = { readonly out: readonly number[]; readonly own: readonly (readonly number[])[] };

/** A shape of up to four axes, also empty ones, and for each input trailing axes of it, some of size 1. */
const shapesOf = (inputs: number): fc.Arbitrary<Shapes> =>
  fc.array(fc.nat({ max: 3 }), { maxLength: 4 }).chain((out) =>
    fc
      .array(fc.record({ lead: fc.nat({ max: out.length }), ones: fc.nat({ max: 15 }) }), {
        minLength: inputs,
        maxLength: inputs,
      })
      .map((cuts) => ({
        out,
        own: cuts.map(({ lead, ones }, i) =>
          // One input has the whole shape; which one depends on the others.
          i === cuts[0]!.ones % inputs
            ? out
            : out.slice(lead).map((dim, axis) => ((ones >> axis) & 1 ? 1 : dim)),
        ),
      })),
  );

/** For each element of a shape broadcast to `out`, where in its own tensor it stands. */
function sources(own: readonly number[], out: readonly number[]): number[] {
  const lead = out.length - own.length;
  return Array.from({ length: sizeOf(out) }, (_, flat) => {
    let [rest, at, stride] = [flat, 0, 1];
    for (let axis = out.length - 1; axis >= 0; axis -= 1) {
      const index = rest % out[axis]!;
      rest = Math.floor(rest / out[axis]!);
      if (axis < lead) continue;
      at += (own[axis - lead] === 1 ? 0 : index) * stride;
      stride *= own[axis - lead]!;
    }
    return at;
  });
}

type Drawn = { readonly tensors: Record<string, Tensor>; readonly up: Tensor };

function draw(op: string, { inputs, isPositive = false }: Form, { out, own }: Shapes): Drawn {
  const rng = seededRng(sizeOf(out) + 7 * own.flat().length);
  const numbers = (shape: readonly number[]): Tensor => {
    const sign = (): number => (isPositive || rng() < 0.5 ? 1 : -1);
    const data = Float32Array.from({ length: sizeOf(shape) }, () => sign() * (0.3 + rng()));
    return f32(data, shape);
  };
  const names = ["a", "b", "c"].slice(0, inputs);
  const floats = Object.fromEntries(names.map((name, i) => [name, numbers(own[i]!)] as const));
  if (op !== "Where") return { tensors: floats, up: numbers(out) };
  const condition = Uint8Array.from({ length: sizeOf(own[0]!) }, () => Number(rng() < 0.5));
  return {
    tensors: { ...floats, a: { dtype: "bool", shape: own[0]!, data: condition } },
    up: numbers(out),
  };
}

/** Gradients of all floats, by the float64 reference. */
function gradients(op: string, tensors: Tensors, up: Tensor, symbolic: readonly string[]) {
  const { graph, feeds } = caseOf(op, tensors, { symbolic });
  return run(differentiate(graph), { ...feeds, "y.grad": up });
}

/** Writes every element out where broadcasting takes it. */
const writtenOut = (tensor: Tensor, out: readonly number[]): Tensor => {
  const data = sources(tensor.shape, out).map((at) => Number(tensor.data[at]));
  return tensor.dtype === "bool"
    ? { dtype: "bool", shape: out, data: Uint8Array.from(data) }
    : f32(data, out);
};

test.for(Object.entries(forms))("%s", ([op, form]) => {
  const check = (shapes: Shapes, isSymbolic: boolean): void => {
    const own = form.onlyLast === true ? [shapes.out, shapes.own[0]!] : shapes.own;
    const { out } = shapes;
    const { tensors, up } = draw(op, form, { out, own });
    const whole = Object.fromEntries(
      Object.entries(tensors).map(([name, tensor]) => [name, writtenOut(tensor, out)]),
    );
    const found = gradients(op, tensors, up, isSymbolic ? Object.keys(tensors) : []);
    const expected = gradients(op, whole, up, []);
    for (const [name, { dtype, shape }] of Object.entries(tensors)) {
      if (dtype === "bool") continue;
      const sums = new Float64Array(sizeOf(shape));
      for (const [i, at] of sources(shape, out).entries()) {
        sums[at]! += Number(expected[`${name}.grad`]!.data[i]);
      }
      expect(found[`${name}.grad`]!.shape).toEqual(shape);
      for (const [i, sum] of sums.entries()) {
        expect(Number(found[`${name}.grad`]!.data[i])).toBeCloseTo(sum, 6);
      }
    }
  };
  fc.assert(fc.property(shapesOf(form.inputs), fc.boolean(), check), { numRuns: 60, seed: 3 });
});

// Hand computation: with products all 1 the gradient of the bias counts how often each element was added.
test.for([
  [[], [6]],
  [[1], [6]],
  [[3], [2, 2, 2]],
  [
    [2, 1],
    [3, 3],
  ],
  [
    [1, 3],
    [2, 2, 2],
  ],
] as const)("the bias of Gemm of shape %j", ([shape, expected]) => {
  const [a, b] = [f32([1, 1], [2, 1]), f32([1, 1, 1], [1, 3])];
  const c = f32(new Float32Array(sizeOf(shape)), shape);
  const found = gradients("Gemm", { a, b, c }, f32(new Float32Array(6).fill(1), [2, 3]), []);
  expect([...(found["c.grad"]!.data as Float64Array)]).toEqual(expected);
});

test("Expand gives back the sum, also where the shape is shorter than the input's", () => {
  const up = f32([1, 2, 3, 4, 5, 6], [3, 2]);
  const sums = (x: Tensor, shape: readonly number[]) => {
    const { graph, feeds } = caseOf("Expand", { x, shape: i64(shape) }, { constants: ["shape"] });
    return [
      ...(run(differentiate(graph), { ...feeds, "y.grad": up })["x.grad"]!.data as Float64Array),
    ];
  };
  expect(sums(f32([0, 0], [2]), [3, 1])).toEqual([9, 12]);
  expect(sums(f32([0, 0, 0], [3, 1]), [2])).toEqual([3, 7, 11]);
  expect(sums(f32([0], []), [3, 2])).toEqual([21]);
});
