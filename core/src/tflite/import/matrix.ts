import { int, ints } from "../../graph/builder.ts";
import type { ImportRows } from "./row.ts";
import type { Site } from "./site.ts";

/** The last two axes of a value exchanged, where the option says so. */
function adjoint(site: Site, input: number, option: string): string {
  if (!site.flag(option)) return site.read(input);
  const axes = [...site.shape(input).keys()];
  if (axes.length < 2) throw site.invalid("a matrix has two axes");
  return site.readPermuted(input, [...axes.slice(0, -2), axes.length - 1, axes.length - 2]);
}

/**
 * The first input as a matrix: what comes before the last `depth` numbers counts rows. The shape is said anew while
 * values are integers, and products are Gemm: onnxruntime would make the same of a MatMul with a bias, and break there.
 */
export function rowsOf(site: Site, depth: number): string {
  const shape = site.shape(0);
  if (shape.length === 2 && shape[1] === depth) return site.read(0);
  const raw = site.read(0, { layout: "last", raw: 0 });
  return site.real(0, site.add("Reshape", [raw, site.list([-1, depth])]));
}

/** The input's shape with another last size; one that is open follows from the others. */
function shapeWith(site: Site, last: number): readonly number[] {
  const sizes = site.shape(0).slice(0, -1);
  if (sizes.filter((dim) => typeof dim !== "number").length > 1) {
    throw site.refuse("more than one size is open");
  }
  return [...sizes.map((dim) => (typeof dim === "number" ? dim : -1)), last];
}

/** Products of matrices. */
export const matrix: ImportRows = {
  /** Weights `[out, in]`. */
  FULLY_CONNECTED(site) {
    if (site.text("weights_format") !== "DEFAULT") throw site.refuse("weights in shuffled order");
    const [out = 0, depth = 0, ...more] = site.tensor(1).shape;
    if (more.length > 0 || out * depth === 0) throw site.invalid("weights must be [out, in]");
    const bias = site.has(2) ? [site.readPermuted(2, [0])] : [];
    const inputs = [rowsOf(site, depth), site.readPermuted(1, [0, 1]), ...bias];
    const result = site.add("Gemm", inputs, { transB: int(1) });
    const isFlat = !site.flag("keep_num_dims") || site.shape(0).length === 2;
    const shape = isFlat ? [] : [site.list(shapeWith(site, out))];
    site.give(0, isFlat ? result : site.add("Reshape", [result, ...shape]));
  },
  BATCH_MATMUL(site) {
    const inputs = [adjoint(site, 0, "adj_x"), adjoint(site, 1, "adj_y")];
    site.give(0, site.add("MatMul", inputs));
  },
  TRANSPOSE(site) {
    const order = site.integers(1, "the order of axes");
    const rank = site.shape(0).length;
    if (
      order.toSorted((a, b) => a - b).some((axis, index) => axis !== index) ||
      order.length !== rank
    ) {
      throw site.invalid("the order must name each axis once");
    }
    const form = site.move([0]);
    site.give(0, site.add("Transpose", [site.read(0, form)], { perm: ints(order) }), form);
  },
};
