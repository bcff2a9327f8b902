import { intsOf, textOf } from "../attributes.ts";
import type { Dim } from "../graph.ts";
import type { Known, Operator, OperatorRows, Site } from "../operator.ts";
import {
  dtypeSets,
  inputOf,
  integersOf,
  known,
  needAxis,
  needDType,
  openDim,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

/** One entry an axis that changes: a size, or what a size is multiplied by. */
function factorsOf(site: Site): {
  readonly sizes?: readonly number[];
  readonly scales?: readonly number[];
} {
  const [scales, sizes] = [site.inputs[2], site.inputs[3]];
  const given = [scales, sizes].filter((input) => input !== undefined && !isEmpty(input));
  if (given.length !== 1) throw nodeInvalid(site.node, "either scales or sizes must be given");
  const lists = { sizes: integersOf(sizes), scales: scales?.floats };
  if (isEmpty(scales)) return lists.sizes === undefined ? {} : { sizes: lists.sizes };
  return lists.scales === undefined ? {} : { scales: lists.scales };
}

const isEmpty = (input: Known | undefined): boolean =>
  input === undefined || input.shape?.[0] === 0;

const resize: Operator = {
  inputs: [1, 4],
  outputs: [1, 1],
  attributes: {
    antialias: "int",
    axes: "ints",
    coordinate_transformation_mode: "string",
    cubic_coeff_a: "float",
    exclude_outside: "int",
    extrapolation_value: "float",
    keep_aspect_ratio_policy: "string",
    mode: "string",
    nearest_mode: "string",
  },
  infer(site) {
    const { shape } = inputOf(site, 0);
    const dtype = needDType(site, 0, dtypeSets.numeric);
    if (shape === undefined) return [known(dtype)];
    const { sizes, scales } = factorsOf(site);
    const axes = (intsOf(site.node, "axes") ?? shape.map((_, axis) => axis)).map((axis) =>
      needAxis(site, axis, shape.length),
    );
    const isStretched = textOf(site.node, "keep_aspect_ratio_policy", "stretch") === "stretch";
    const list = sizes ?? scales;
    if (list !== undefined && list.length !== axes.length) {
      throw nodeInvalid(site.node, `${list.length} factors for ${axes.length} axes`);
    }
    const resized = (dim: Dim, axis: number): Dim => {
      const place = axes.indexOf(axis);
      if (place < 0) return dim;
      if (!isStretched) return openDim(site)(axis);
      if (sizes !== undefined) return sizes[place] ?? dim;
      const scale = scales?.[place];
      if (scale === 1) return dim;
      return scale === undefined || typeof dim !== "number"
        ? openDim(site)(axis)
        : Math.floor(dim * scale);
    };
    return [known(dtype, shape.map(resized))];
  },
};

/** Operators that sample anew. */
export const resampling: OperatorRows = { Resize: resize };
