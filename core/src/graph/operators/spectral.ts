import { intOf } from "../attributes.ts";
import type { Operator, OperatorRows } from "../operator.ts";
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

const dft: Operator = {
  inputs: [1, 3],
  outputs: [1, 1],
  attributes: { inverse: "int", onesided: "int" },
  infer(site) {
    const { shape } = inputOf(site, 0);
    const dtype = needDType(site, 0, dtypeSets.float);
    const axisGiven = site.inputs[2] === undefined ? [-2] : integersOf(site.inputs[2]);
    if (shape === undefined || axisGiven?.[0] === undefined) return [known(dtype)];
    const axis = needAxis(site, axisGiven[0], shape.length);
    if (axis === shape.length - 1) {
      throw nodeInvalid(site.node, "the last axis holds real and imaginary part");
    }
    const given = site.inputs[1] === undefined ? undefined : integersOf(site.inputs[1])?.[0];
    const length = site.inputs[1] === undefined ? shape[axis] : given;
    const onesided = intOf(site.node, "onesided", 0) === 1;
    const whole = length ?? openDim(site)(axis);
    const half = typeof whole === "number" ? Math.floor(whole / 2) + 1 : openDim(site)(axis);
    return [known(dtype, shape.with(axis, onesided ? half : whole).with(-1, 2))];
  },
};

/** Fourier transforms. */
export const spectral: OperatorRows = { DFT: dft };
