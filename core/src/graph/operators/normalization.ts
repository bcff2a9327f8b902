import { intOf } from "../attributes.ts";
import type { Operator, OperatorRows } from "../operator.ts";
import {
  axisAttribute,
  dtypeSets,
  inputOf,
  known,
  needDType,
  needEqual,
  needRank,
} from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

const batchNormalization: Operator = {
  inputs: [5, 5],
  outputs: [1, 3],
  attributes: { epsilon: "float", momentum: "float", training_mode: "int" },
  infer(site) {
    const { shape } = inputOf(site, 0);
    const dtype = needDType(site, 0, dtypeSets.float);
    for (const index of [1, 2, 3, 4]) {
      needRank(site, index, 1);
      needEqual(site, "channels", shape?.[1], inputOf(site, index).shape?.[0]);
    }
    const training = intOf(site.node, "training_mode", 0) === 1;
    if (site.node.outputs.length > 1 && !training) {
      throw nodeInvalid(site.node, "running statistics come out in training mode only");
    }
    const running = inputOf(site, 3);
    const statistics = known(running.dtype, running.shape);
    return [known(dtype, shape), statistics, statistics];
  },
};

const layerNormalization: Operator = {
  inputs: [2, 3],
  outputs: [1, 3],
  attributes: { axis: "int", epsilon: "float", stash_type: "int" },
  infer(site) {
    const { shape } = inputOf(site, 0);
    const dtype = needDType(site, 0, dtypeSets.float);
    if (shape === undefined) return [known(dtype), known("float32"), known("float32")];
    const axis = axisAttribute(site, shape.length, -1);
    const statistics = known(
      "float32",
      shape.map((dim, i) => (i < axis ? dim : 1)),
    );
    return [known(dtype, shape), statistics, statistics];
  },
};

const instanceNormalization: Operator = {
  inputs: [3, 3],
  outputs: [1, 1],
  attributes: { epsilon: "float" },
  infer(site) {
    const { shape } = inputOf(site, 0);
    for (const index of [1, 2]) {
      needRank(site, index, 1);
      needEqual(site, "channels", shape?.[1], inputOf(site, index).shape?.[0]);
    }
    return [known(needDType(site, 0, dtypeSets.float), shape)];
  },
};

const groupNormalization: Operator = {
  ...instanceNormalization,
  attributes: { epsilon: "float", num_groups: "int", stash_type: "int" },
  infer(site) {
    const channels = inputOf(site, 0).shape?.[1];
    const groups = intOf(site.node, "num_groups", 0);
    if (groups < 1 || (typeof channels === "number" && channels % groups !== 0)) {
      throw nodeInvalid(site.node, `${channels} channels do not divide into ${groups} groups`);
    }
    return instanceNormalization.infer(site);
  },
};

/** Operators that scale values by statistics of themselves. */
export const normalization: OperatorRows = {
  BatchNormalization: batchNormalization,
  LayerNormalization: layerNormalization,
  InstanceNormalization: instanceNormalization,
  GroupNormalization: groupNormalization,
};
