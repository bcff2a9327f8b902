import type { Attributes } from "../../core/src/graph/builder.ts";
import { float, int } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import type { Maker } from "./case.ts";
import { axisCase, caseOf } from "./case.ts";

const channelNormal =
  (op: string, groups: boolean): Maker =>
  (draw) => {
    const group = groups ? draw.int(1, 2) : 1;
    const channels = group * draw.int(1, 3);
    const x = draw.tensor([
      draw.int(1, 3),
      channels,
      draw.int(2, 4),
      ...draw.shape(draw.int(0, 1)),
    ]);
    const attributes: Attributes = {
      epsilon: float(0.01),
      ...(groups ? { num_groups: int(group) } : {}),
    };
    return caseOf(
      op,
      { x, scale: draw.tensor([channels]), bias: draw.tensor([channels]) },
      { attributes, symbolic: ["x"] },
    );
  };

const layerNormal =
  (outputs: number): Maker =>
  (draw) => {
    const rank = draw.int(2, 4);
    const axis = draw.int(1, rank - 1);
    const shape = draw.shape(rank);
    shape[rank - 1] = draw.int(2, 4);
    const tensors: Record<string, Tensor> = {
      x: draw.tensor(shape),
      scale: draw.tensor(shape.slice(axis)),
    };
    if (draw.flip()) tensors["bias"] = draw.tensor(shape.slice(axis));
    return caseOf("LayerNormalization", tensors, {
      outputs,
      attributes: { axis: int(draw.of(axis, axis - rank)), epsilon: float(0.01) },
      symbolic: ["x"],
    });
  };

const batchNormal =
  (training: boolean): Maker =>
  (draw) => {
    const channels = draw.int(1, 3);
    const x = draw.tensor([draw.int(2, 3), channels, ...draw.shape(draw.int(0, 2))]);
    const [scale, bias, mean] = [0, 1, 2].map(() => draw.tensor([channels])) as [
      Tensor,
      Tensor,
      Tensor,
    ];
    const attributes: Attributes = {
      epsilon: float(0.01),
      ...(training ? { training_mode: int(1), momentum: float(draw.of(0, 0.8)) } : {}),
    };
    return caseOf(
      "BatchNormalization",
      { x, scale, bias, mean, var: draw.positive([channels]) },
      { attributes, outputs: training ? 3 : 1, symbolic: ["x"] },
    );
  };

/** Random cases of normalizations. */
export const normalizationCases: Readonly<Record<string, Maker>> = {
  BatchNormalization: batchNormal(false),
  "BatchNormalization training": batchNormal(true),
  InstanceNormalization: channelNormal("InstanceNormalization", false),
  GroupNormalization: channelNormal("GroupNormalization", true),
  LayerNormalization: layerNormal(1),
  "LayerNormalization statistics": layerNormal(3),
  Softmax: axisCase("Softmax"),
  LogSoftmax: axisCase("LogSoftmax"),
};
