import { intOf, intsOf } from "../attributes.ts";
import type { Shape } from "../dims.ts";
import type { Dim } from "../graph.ts";
import type { Known, Operator, OperatorRows, Site } from "../operator.ts";
import { inputOf, known, needAxis, needDType, needEqual, openDim } from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

/** What holds for a value that is one or the other; `open` names a dimension that differs. */
function either(site: Site, output: number, a: Known, b: Known): Known {
  if (a.dtype !== b.dtype) {
    throw nodeInvalid(
      site.node,
      `output ${output} is ${a.dtype} or ${b.dtype}, expected one dtype`,
    );
  }
  const [x, y] = [a.shape, b.shape];
  if (x === undefined || y === undefined || x.length !== y.length) return known(a.dtype);
  const dims = x.map((dim, axis) => (dim === y[axis] ? dim : openDim(site, output)(axis)));
  return known(a.dtype, dims);
}

/** Checks that a body gives as many values as its node has outputs. */
function needCount(site: Site, what: string, found: number, expected: number): void {
  if (found === expected) return;
  throw nodeInvalid(site.node, `${what} must be ${expected} values, not ${found}`);
}

const branch: Operator = {
  inputs: [1, 1],
  outputs: [1, Number.POSITIVE_INFINITY],
  attributes: { then_branch: "graph", else_branch: "graph" },
  infer(site) {
    needDType(site, 0, ["bool"]);
    const [condition] = inputOf(site, 0).elements ?? [];
    const run = (name: string): readonly Known[] => {
      const results = site.body(name, []);
      needCount(site, `outputs of ${name}`, results.length, site.node.outputs.length);
      return results;
    };
    // Exporters write both cases of a rank; the branch that is not taken need not fit.
    if (typeof condition === "number") return run(condition ? "then_branch" : "else_branch");
    const [yes, no] = [run("then_branch"), run("else_branch")];
    return yes.map((value, output) => either(site, output, value, no[output] ?? value));
  },
};

/** A value that changes from one round to the next: what it holds is not known. */
const carried = ({ dtype, shape }: Known): Known => known(dtype, shape);

/** Finds shapes of carried values that a round keeps: those it starts with, or more open ones. */
function settle(
  site: Site,
  initial: readonly Known[],
  round: (states: readonly Known[]) => readonly Known[],
): { readonly states: readonly Known[]; readonly results: readonly Known[] } {
  const widened = (before: readonly Known[], after: readonly Known[]): readonly Known[] =>
    before.map((state, i) => either(site, i, state, after[i] ?? state));
  const sameShapes = (a: readonly Known[], b: readonly Known[]): boolean =>
    a.every(({ shape }, i) => String(shape) === String(b[i]?.shape));
  let states = initial.map(carried);
  for (let attempt = 0; attempt < 2; attempt += 1) {
    const results = round(states);
    const next = widened(states, results);
    if (sameShapes(states, next)) return { states, results };
    states = [...next];
  }
  states = states.map(({ dtype }) => known(dtype));
  return { states, results: round(states) };
}

const loop: Operator = {
  inputs: [2, Number.POSITIVE_INFINITY],
  outputs: [1, Number.POSITIVE_INFINITY],
  attributes: { body: "graph" },
  infer(site) {
    const initial = site.inputs.slice(2).map((_, index) => inputOf(site, index + 2));
    const { states, results } = settle(site, initial, (values) => {
      const found = site.body("body", [known("int64", []), known("bool", []), ...values]);
      needCount(site, "outputs of the body", found.length, site.node.outputs.length + 1);
      return found.slice(1);
    });
    const collected = results.slice(initial.length).map(({ dtype, shape }, i): Known => {
      const output = initial.length + i;
      return known(dtype, shape && [openDim(site, output)(0), ...shape]);
    });
    return [...states, ...collected];
  },
};

/** The axis of each scanned value; 0 where the node does not say. */
const axesOf = (site: Site, name: string, count: number): readonly number[] =>
  intsOf(site.node, name) ?? new Array<number>(count).fill(0);

function scannedOf(site: Site, first: number): { elements: readonly Known[]; steps: Dim } {
  const count = site.inputs.length - first;
  const axes = axesOf(site, "scan_input_axes", count);
  let steps: Dim | undefined;
  const elements = site.inputs.slice(first).map((_, i): Known => {
    const { dtype, shape } = inputOf(site, first + i);
    if (shape === undefined) return known(dtype);
    const axis = needAxis(site, axes[i] ?? 0, shape.length);
    needEqual(site, "lengths of scanned inputs", steps, shape[axis]);
    steps = typeof steps === "number" ? steps : shape[axis];
    return known(dtype, shape.toSpliced(axis, 1));
  });
  return { elements, steps: steps ?? openDim(site)(0) };
}

const scan: Operator = {
  inputs: [1, Number.POSITIVE_INFINITY],
  outputs: [1, Number.POSITIVE_INFINITY],
  attributes: {
    body: "graph",
    num_scan_inputs: "int",
    scan_input_axes: "ints",
    scan_input_directions: "ints",
    scan_output_axes: "ints",
    scan_output_directions: "ints",
  },
  infer(site) {
    const first = site.inputs.length - intOf(site.node, "num_scan_inputs", 0);
    if (first < 0 || first === site.inputs.length) {
      throw nodeInvalid(site.node, "num_scan_inputs must be 1 to the number of inputs");
    }
    const initial = site.inputs.slice(0, first).map((_, index) => inputOf(site, index));
    const { elements, steps } = scannedOf(site, first);
    const { states, results } = settle(site, initial, (values) => {
      const found = site.body("body", [...values, ...elements]);
      needCount(site, "outputs of the body", found.length, site.node.outputs.length);
      return found;
    });
    const gathered = results.slice(first);
    const axes = axesOf(site, "scan_output_axes", gathered.length);
    const stacked = gathered.map(({ dtype, shape }, i): Known => {
      if (shape === undefined) return known(dtype);
      const dims: Shape = shape.toSpliced(needAxis(site, axes[i] ?? 0, shape.length + 1), 0, steps);
      return known(dtype, dims);
    });
    return [...states, ...stacked];
  },
};

/** Operators with bodies. What a body takes from around it, it takes by name. */
export const controlFlow: OperatorRows = { If: branch, Loop: loop, Scan: scan };
