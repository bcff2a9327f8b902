import type { Node } from "./graph.ts";
import type { Operator } from "./operator.ts";
import { activation } from "./operators/activation.ts";
import { blocks } from "./operators/blocks.ts";
import { controlFlow } from "./operators/control-flow.ts";
import { elementwise } from "./operators/elementwise.ts";
import { gathering } from "./operators/gathering.ts";
import { generation } from "./operators/generation.ts";
import { integer } from "./operators/integer.ts";
import { joining } from "./operators/joining.ts";
import { matrix } from "./operators/matrix.ts";
import { normalization } from "./operators/normalization.ts";
import { quantization } from "./operators/quantization.ts";
import { recurrence } from "./operators/recurrence.ts";
import { reduction } from "./operators/reduction.ts";
import { reshaping } from "./operators/reshaping.ts";
import { resampling } from "./operators/resize.ts";
import { slicing } from "./operators/slicing.ts";
import { spatial } from "./operators/spatial.ts";
import { spectral } from "./operators/spectral.ts";

const table: ReadonlyMap<string, Operator> = new Map(
  [
    ...[
      elementwise,
      activation,
      matrix,
      spatial,
      blocks,
      normalization,
      reshaping,
      joining,
      resampling,
      recurrence,
    ],
    ...[slicing, gathering, reduction, generation, quantization, integer, spectral, controlFlow],
  ].flatMap((rows) => Object.entries(rows)),
);

/** Names of the standard operators that edgeloop knows, sorted. */
export const operatorNames: readonly string[] = [...table.keys()].sort();

/** Finds the row of a node's operator; undefined for one that edgeloop does not know. */
export const operatorOf = ({ op, domain }: Pick<Node, "op" | "domain">): Operator | undefined =>
  domain === undefined ? table.get(op) : undefined;
