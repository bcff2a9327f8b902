import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Graph } from "@edgeloop/core/graph";
import { encodeSafetensors, f32, graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { temporary, testContext } from "../testing.ts";
import { roundedModel } from "./rounded-model.ts";

function model(): Graph {
  const b = graphBuilder("m");
  const x = b.input({ name: "x", dtype: "float32", shape: ["N", 1] });
  b.add("MatMul", [x, b.initializer("w", f32([1.27], [1, 1]))], { name: "head", outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: ["N", 1] });
  return b.build();
}
const ops = ({ nodes }: Graph): readonly string[] => nodes.map(({ op }) => op);

function prepared(options: Record<string, string | boolean>, graph = model()) {
  const context = testContext();
  const data = join(temporary(), "d.safetensors");
  writeFileSync(data, encodeSafetensors(new Map([["x", f32([0, 255], [2, 1])]])));
  const given = { data, ...options };
  return roundedModel(graph, given, { context, backend: "wasm" });
}

test("asked to, training sees the rounding, and integers come out", async () => {
  const { graph, finish } = await prepared({ quantizeAware: true });
  expect(ops(graph).filter((op) => op === "QuantizeLinear")).toHaveLength(2);
  expect(graph.initializers.get("x.scale")?.data[0]).toBe(1);
  expect(finish(graph).initializers.get("w.int8")?.data[0]).toBe(127);
});

test("an int8 model is opened without being asked, and closed again", async () => {
  const aware = await prepared({ quantizeAware: true });
  const int8 = aware.finish(aware.graph);
  const { graph, finish } = await prepared({}, int8);
  expect(graph.initializers.get("w")?.data[0]).toBeCloseTo(1.27);
  expect(ops(finish(graph))).toEqual(ops(int8));
  const beside = await prepared({ adapter: "rank=1" }, int8);
  expect(beside.graph).toBe(int8);
});

test("a float model stays as it is, and so does what is excluded", async () => {
  const { graph, finish } = await prepared({});
  expect(ops(finish(graph))).toEqual(["MatMul"]);
  const kept = await prepared({ quantizeAware: true, exclude: "head" });
  expect(ops(kept.graph)).toEqual(["MatMul"]);
});

test.for([
  [{ calibration: "d.npz" }, "--calibration goes with --quantize-aware"],
  [
    { quantizeAware: true, adapter: "rank=2" },
    "--quantize-aware trains the weights themselves, --adapter leaves them",
  ],
  [{ quantizeAware: true, exclude: "nose" }, "--exclude nose names no node; there are head, …"],
] as const)("%j is refused", async ([options, message]) => {
  await expect(prepared(options)).rejects.toMatchObject({ code: "USAGE", message });
});
