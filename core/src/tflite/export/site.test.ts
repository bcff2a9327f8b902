import { expect, test } from "vitest";
import { graphBuilder } from "../../graph/builder.ts";
import { f32 } from "../../graph/tensor.ts";
import { prepare } from "./prepare.ts";
import { startProgram } from "./program.ts";
import { openSite } from "./site.ts";
import { startValues } from "./values.ts";

function siteOfClip() {
  const b = graphBuilder("s");
  b.input({ name: "x", dtype: "float32", shape: [2] });
  b.add("Clip", ["x", "", b.constant(f32([3], []))], { outputs: ["y"], name: "cut" });
  b.output({ name: "y", dtype: "float32" });
  const { graph, known } = prepare(b.build(), 1);
  const program = startProgram("s");
  const values = startValues({ graph, known, program });
  values.set("x", "first", program.tensor({ name: "x", type: "float32", shape: [2] }));
  const node = graph.nodes[0]!;
  const decision = { node, isInt8: false, activation: "NONE", results: node.outputs, integers: [] };
  return { program, values, ...openSite(decision, { program, values }) };
}

test("a site answers for its node, and refuses by its name", () => {
  const { site } = siteOfClip();
  expect([site.shape(0), site.outShape(), site.has(1), site.has(2)]).toEqual([
    [2],
    [2],
    false,
    true,
  ]);
  expect(site.floats(2, "the bound").data).toEqual(Float32Array.of(3));
  expect(site.integers(1, "nothing")).toBeUndefined();
  expect(site.scale(0)).toBeUndefined();
  expect(() => site.need(0, "the input")).toThrow('node "cut" (Clip) cannot be written');
});

test("results of another scale than the graph's are rescaled after the node", () => {
  const { program, values, site, finish } = siteOfClip();
  const own = { scales: [1], zeroPoints: [0], axis: 0 };
  const made = site.output("first", 0, own);
  site.emit("NEG", [site.input(0, "first")], [made]);
  expect(values.has("y")).toBe(false);
  finish();
  expect(program.of(values.get("y", "first")).name).toBe("y.rescaled");
});
