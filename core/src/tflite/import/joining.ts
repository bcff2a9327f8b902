import { int } from "../../graph/builder.ts";
import { axisIn, placeIn } from "./axes.ts";
import type { ImportRows } from "./row.ts";
import type { Form, Site } from "./site.ts";

const inputsOf = (site: Site): readonly number[] => [...site.operator.inputs.keys()];

/** Where and how values are cut; the axis is the file's. */
type Cut = { readonly axis: number; readonly form: Form };

function cut(
  site: Site,
  input: number,
  { axis, form, sizes }: Cut & { readonly sizes: readonly number[] },
): readonly string[] {
  return site.addMany("Split", [site.read(input, form), site.list(sizes)], {
    count: sizes.length,
    attributes: { axis: int(placeIn(form.layout, axis)) },
  });
}

/** Cuts an input along an axis into a part for each output. */
function split(site: Site, input: number, { axis, form }: Cut): readonly string[] {
  const count = site.operator.outputs.length;
  const size = site.shape(input)[axis];
  if (typeof size !== "number") throw site.refuse("the axis to split must have a known size");
  if (count === 0 || size % count !== 0)
    throw site.invalid("the axis must divide into the outputs");
  return cut(site, input, { axis, form, sizes: Array<number>(count).fill(size / count) });
}

/** Sizes of parts; one of -1 is what the others leave. */
function fullSizes(site: Site, axis: number, sizes: readonly number[]): readonly number[] {
  if (!sizes.includes(-1)) return sizes;
  const size = site.shape(0)[axis];
  if (typeof size !== "number") throw site.refuse("the axis to split must have a known size");
  const rest = sizes.reduce((left, part) => left - Math.max(part, 0), size);
  return sizes.map((part) => (part === -1 ? rest : part));
}

/** Operators that join values into one, and cut one into several. */
export const joining: ImportRows = {
  CONCATENATION(site) {
    const inputs = inputsOf(site);
    const rank = site.shape(0).length;
    if (inputs.some((input) => site.shape(input).length !== rank))
      throw site.invalid("ranks must be equal");
    const axis = axisIn(site, site.number("axis"), rank);
    const layout = rank === 4 ? site.follow(inputs).layout : "last";
    const form = site.move(inputs, layout);
    const parts = inputs.map((input) => site.read(input, form));
    site.give(0, site.add("Concat", parts, { axis: int(placeIn(layout, axis)) }), form);
  },
  SPLIT(site) {
    const [along = 0] = site.integers(0, "the axis");
    const axis = axisIn(site, along, site.shape(1).length);
    const form = site.move([1], site.follow([1]).layout);
    for (const [output, part] of split(site, 1, { axis, form }).entries()) {
      site.give(output, part, form);
    }
  },
  SPLIT_V(site) {
    const sizes = site.integers(1, "the sizes of parts");
    const [along = 0] = site.integers(2, "the axis");
    const axis = axisIn(site, along, site.shape(0).length);
    if (sizes.length !== site.operator.outputs.length) {
      throw site.invalid("there must be an output for each part");
    }
    const form = site.move([0], site.follow([0]).layout);
    for (const [output, part] of cut(site, 0, {
      axis,
      form,
      sizes: fullSizes(site, axis, sizes),
    }).entries()) {
      site.give(output, part, form);
    }
  },
  PACK(site) {
    const axis = axisIn(site, site.number("axis"), site.shape(0).length + 1);
    const axes = site.list([axis]);
    const form = site.move(inputsOf(site));
    const parts = inputsOf(site).map((input) => {
      const raw = site.add("Unsqueeze", [site.read(input, { layout: "last", raw: input }), axes]);
      return form.raw === undefined ? site.real(input, raw) : raw;
    });
    site.give(0, site.add("Concat", parts, { axis: int(axis) }), form);
  },
  UNPACK(site) {
    const axis = axisIn(site, site.number("axis"), site.shape(0).length);
    if (site.shape(0)[axis] !== site.operator.outputs.length) {
      throw site.invalid("there must be an output for each part");
    }
    const form = site.move([0]);
    const axes = site.list([axis]);
    for (const [output, part] of split(site, 0, { axis, form }).entries()) {
      site.give(output, site.add("Squeeze", [part, axes]), form);
    }
  },
};
