import fc from "fast-check";
import { expect, test } from "vitest";
import { run } from "../../../test/reference/interpreter.ts";
import { graphBuilder } from "../graph/builder.ts";
import type { Dim } from "../graph/graph.ts";
import { f32, sizeOf } from "../graph/tensor.ts";
import { emitter } from "./emitter.ts";
import type { RuleContext } from "./rule.ts";
import { ruleContext } from "./rule.ts";
import { axisOf, isStatic, range, reshapeLike, sumLike } from "./shapes.ts";

/** Emits with a context that knows two values, and runs what came out. */
function emitted(
  dims: Readonly<Record<string, readonly Dim[]>>,
  sizes: Readonly<Record<string, readonly number[]>>,
  write: (c: RuleContext) => string,
) {
  const b = graphBuilder("g");
  for (const [name, shape] of Object.entries(dims)) b.input({ name, dtype: "float32", shape });
  const node = { name: "n", op: "Add", inputs: [], outputs: [], attributes: {} };
  const info = (name: string) => ({ dtype: "float32" as const, shape: dims[name] ?? [] });
  const result = write(
    ruleContext({ node, ups: [], emit: emitter(b, "grad"), info, constant: () => undefined }),
  );
  const feeds = Object.fromEntries(
    Object.entries(sizes).map(([name, shape]) => [
      name,
      f32(
        Float32Array.from({ length: sizeOf(shape) }, (_, i) => i + 1),
        shape,
      ),
    ]),
  );
  return run(b.build(), feeds, [result])[result]!;
}

test("broadcasting is undone alike whether sizes are known before or at run time", () => {
  const size = fc.integer({ min: 0, max: 3 });
  const shapes = fc.array(fc.tuple(size, fc.boolean(), fc.boolean()), { maxLength: 4 });
  fc.assert(
    fc.property(shapes, fc.nat({ max: 4 }), (axes, drop) => {
      const out = axes.map(([dim]) => dim);
      const own = axes
        .map(([dim, single]) => (single ? 1 : dim))
        .slice(Math.min(drop, axes.length));
      const symbolic = own.map(
        (dim, i): Dim => (axes[i + axes.length - own.length]![2] ? `D${i}` : dim),
      );
      const known = emitted({ up: out, x: own }, { up: out, x: own }, (c) =>
        sumLike(c, "up", out, "x"),
      );
      const open = emitted({ up: out, x: symbolic }, { up: out, x: own }, (c) =>
        sumLike(c, "up", out, "x"),
      );
      expect(known.shape).toEqual(own);
      expect(open).toEqual(known);
    }),
  );
});

test("reshaping to a known, a partly known and an unknown shape gives that shape", () => {
  for (const dims of [
    [2, 3],
    ["N", 3],
    ["N", "T"],
  ] as const) {
    const found = emitted({ v: [6], x: dims }, { v: [6], x: [2, 3] }, (c) =>
      reshapeLike(c, "v", "x"),
    );
    expect(found.shape).toEqual([2, 3]);
  }
  expect(
    emitted({ v: [0], x: ["N", 0] }, { v: [0], x: [2, 0] }, (c) => reshapeLike(c, "v", "x")).shape,
  ).toEqual([2, 0]);
});

test("axes count from the front and ranges stop before their end", () => {
  expect([axisOf(-1, 3), axisOf(1, 3)]).toEqual([2, 1]);
  expect(range(1, 4)).toEqual([1, 2, 3]);
  expect(isStatic([1, "N"])).toBe(false);
});
