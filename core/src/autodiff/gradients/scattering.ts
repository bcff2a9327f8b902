import { intOf, textOf } from "../../graph/attributes.ts";
import { int, text } from "../../graph/builder.ts";
import type { Rule, RuleContext } from "../rule.ts";
import { expandLike, zerosLike } from "../shapes.ts";

const noGradient = (c: RuleContext, what: string) => (): never =>
  c.refuse(`${what} has no gradient`);

const axisOf = (c: RuleContext, otherwise: number) => ({
  axis: int(intOf(c.node, "axis", otherwise)),
});

/** Adds each gradient to the place that its element came from. */
const putBack = (c: RuleContext, indices: string, axis: number): string =>
  c.op("ScatterElements", [zerosLike(c, c.x(0)), indices, c.up], {
    ...axisOf(c, axis),
    reduction: text("add"),
  });

const gatherNd: Rule = (c) => {
  if (intOf(c.node, "batch_dims", 0) !== 0) c.refuse("batch_dims are not supported");
  return [
    () => c.op("ScatterND", [zerosLike(c, c.x(0)), c.x(1), c.up], { reduction: text("add") }),
    noGradient(c, "an index"),
  ];
};

/** What was overwritten gets nothing; what was written gets the gradient of its place. */
const scatter =
  (gather: "GatherElements" | "GatherND"): Rule =>
  (c) => {
    const reduction = textOf(c.node, "reduction", "none");
    if (reduction !== "none" && reduction !== "add") {
      c.refuse(`the reduction ${reduction} is not supported`);
    }
    const along = gather === "GatherElements" ? axisOf(c, 0) : {};
    return [
      () =>
        reduction === "add"
          ? c.up
          : c.op(c.node.op, [c.up, c.x(1), expandLike(c, c.number(0), c.x(2))], along),
      noGradient(c, "an index"),
      () => c.op(gather, [c.up, c.x(1)], along),
    ];
  };

/** Operators that pick and place single elements. */
export type ScatteringOp = "GatherElements" | "GatherND" | "ScatterElements" | "ScatterND" | "TopK";

/** Gradients of operators that pick and place single elements. */
export const scattering: Readonly<Record<ScatteringOp, Rule>> = {
  GatherElements: (c) => [() => putBack(c, c.x(1), 0), noGradient(c, "an index")],
  GatherND: gatherNd,
  ScatterElements: scatter("GatherElements"),
  ScatterND: scatter("GatherND"),
  TopK: (c) => [
    () => {
      const given = c.node.outputs[1];
      const places = given || (c.ops("TopK", [c.x(0), c.x(1)], 2, c.node.attributes)[1] ?? "");
      return putBack(c, places, -1);
    },
    noGradient(c, "a count"),
  ],
};
