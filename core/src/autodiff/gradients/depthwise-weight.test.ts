import { expect, test } from "vitest";
import { caseOf } from "../../../../test/reference/case.ts";
import { gradientsOf } from "../../../../test/reference/gradient-suite.ts";
import { int, ints } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { differentiate } from "../differentiate.ts";

const depthwise = (rows: number, columns: number) =>
  caseOf(
    "Conv",
    {
      x: f32(
        Float32Array.from({ length: 2 * rows * columns }, (_, i) => i % 7),
        [1, 2, rows, columns],
      ),
      w: f32(new Float32Array(4), [2, 1, 1, 2]),
    },
    { attributes: { group: int(2), kernel_shape: ints([1, 2]) } },
  );

const productsOf = (columns: number): number =>
  differentiate(depthwise(2, columns).graph, ["w"]).nodes.filter(({ op }) => op === "MatMul")
    .length;

test("narrow rows are multiplied whole, wide ones a tap after the other", () => {
  expect([productsOf(22), productsOf(23)]).toEqual([2, 0]);
});

// By hand: tap t of channel c is the sum over positions of up times the input t columns on.
test.for([3, 40])("%i columns: each tap adds up what it met", async (columns) => {
  const { graph, feeds } = depthwise(2, columns);
  const out = columns - 1;
  const up = Float32Array.from({ length: 2 * 2 * out }, (_, i) => (i % 3) - 1);
  const expected = [0, 1].flatMap((channel) =>
    [0, 1].map((tap) => {
      let sum = 0;
      for (let row = 0; row < 2; row += 1) {
        for (let column = 0; column < out; column += 1) {
          const at = (channel * 2 + row) * columns + column + tap;
          sum += (up[(channel * 2 + row) * out + column] ?? 0) * (at % 7);
        }
      }
      return sum;
    }),
  );
  expect((await gradientsOf(graph, feeds, f32(up, [1, 2, 2, out])))["w"]).toEqual(expected);
});
