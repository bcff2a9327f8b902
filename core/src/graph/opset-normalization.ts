import { floatOf, intOf } from "./attributes.ts";
import type { Attributes, GraphBuilder } from "./builder.ts";
import { int } from "./builder.ts";
import type { Node } from "./graph.ts";
import type { Rewrite } from "./opset-rewrite.ts";
import { f32, i64 } from "./tensor.ts";

/** Makes nodes whose names start as the output of the one they stand for. */
function stepsFor(
  y: string,
  builder: GraphBuilder,
): { readonly nodes: Node[]; readonly step: Step; readonly list: (...values: number[]) => string } {
  const nodes: Node[] = [];
  let count = 0;
  return {
    nodes,
    step(op, inputs, attributes = {}) {
      count += 1;
      const name = builder.fresh(`${y}.${op.toLowerCase()}${count}`);
      nodes.push({ name, op, inputs, outputs: [name], attributes });
      return name;
    },
    list: (...values) => builder.constant(i64(values), `${y}.list`),
  };
}

type Step = (op: string, inputs: readonly string[], attributes?: Attributes) => string;

/** RMSNormalization by its definition: it came with opset 23, and runtimes of opset 21 do not have it. */
export const rootMeanSquare: Rewrite["apply"] = (node, builder) => {
  const [x = "", scale = ""] = node.inputs;
  const y = node.outputs[0] ?? "";
  const { nodes, step, list } = stepsFor(y, builder);
  const axis = intOf(node, "axis", -1);
  const scalar = (value: number): string => builder.constant(i64([value], []), `${y}.scalar`);
  // An axis that is counted from the start needs the rank, which may be known only when it runs. onnxruntime 1.30
  // takes the Size of a Shape for the number of elements when it infers shapes; the Shape of one it gets right.
  const axes =
    axis < 0
      ? list(...Array.from({ length: -axis }, (_, i) => axis + i))
      : step("Range", [
          scalar(axis),
          step("Squeeze", [step("Shape", [step("Shape", [x])])]),
          scalar(1),
        ]);
  const epsilon = builder.constant(f32([floatOf(node, "epsilon", 1e-5)], []), `${y}.epsilon`);
  const mean = step("ReduceMean", [step("Mul", [x, x]), axes]);
  const normal = step("Div", [x, step("Sqrt", [step("Add", [mean, epsilon])])]);
  return [...nodes, { ...node, op: "Mul", inputs: [normal, scale], attributes: {} }];
};

/** GroupNormalization of opset 18 had a scale and a bias a group; since 21 they are a channel's. */
export const perGroup: Rewrite["apply"] = (node, builder) => {
  const [x = "", scale = "", bias = ""] = node.inputs;
  const groups = intOf(node, "num_groups", 0);
  const { nodes, step, list } = stepsFor(node.outputs[0] ?? "", builder);
  const channels = step("Shape", [x], { start: int(1), end: int(2) });
  const size = step("Div", [channels, list(groups)]);
  const target = step("Concat", [list(groups), size], { axis: int(0) });
  const flat = list(-1);
  const spread = (value: string): string =>
    step("Reshape", [step("Expand", [step("Unsqueeze", [value, list(1)]), target]), flat]);
  const inputs = [x, spread(scale), spread(bias)];
  return [...nodes, { ...node, inputs }];
};
