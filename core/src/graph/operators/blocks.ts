import { intOf } from "../attributes.ts";
import type { Dim } from "../graph.ts";
import type { Operator, OperatorRows } from "../operator.ts";
import { inputOf, known, needRank, openDim } from "../operator.ts";
import { nodeInvalid } from "../structure.ts";

/** A size times or divided by a whole number; the runtime refuses what does not divide. */
const scaled = (dim: Dim | undefined, factor: number, open: Dim): Dim =>
  typeof dim === "number" ? dim * factor : open;

/** Moves blocks of `[N, C, H, W]` between channels and space: `space` is how H and W grow. */
const mover = (
  attributes: Operator["attributes"],
  space: (blockSize: number) => number,
): Operator => ({
  inputs: [1, 1],
  outputs: [1, 1],
  attributes: { blocksize: "int", ...attributes },
  infer(site) {
    const { dtype, shape } = inputOf(site, 0);
    needRank(site, 0, 4);
    const blockSize = intOf(site.node, "blocksize", 0);
    if (blockSize < 1) throw nodeInvalid(site.node, `blocksize ${blockSize} must be at least 1`);
    if (shape === undefined) return [known(dtype)];
    const factor = space(blockSize);
    const dims = shape.map((dim, axis) =>
      axis === 0 ? dim : scaled(dim, axis === 1 ? 1 / factor ** 2 : factor, openDim(site)(axis)),
    );
    if (dims.some((dim) => typeof dim === "number" && !Number.isInteger(dim))) {
      throw nodeInvalid(site.node, `[${shape}] does not divide by blocks of ${blockSize}`);
    }
    return [known(dtype, dims)];
  },
});

/** Operators that move blocks between channels and space. */
export const blocks: OperatorRows = {
  DepthToSpace: mover({ mode: "string" }, (blockSize) => blockSize),
  SpaceToDepth: mover({}, (blockSize) => 1 / blockSize),
};
