import { scalar } from "../../graph/tensor.ts";
import type { BlockRow } from "../block.ts";
import { append, pipelineInvalid } from "../block.ts";

/** Compresses large values and keeps the sign: `sign(x) * ln(1 + |x| / unit)`. */
export type LogCompressBlock = {
  readonly kind: "log-compress";
  /** The size below which values are kept nearly linear; above 0. */
  readonly unit: number;
};

export const logCompress: BlockRow<LogCompressBlock> = {
  parse: (fields) => ({ kind: "log-compress", unit: fields.number("unit", 1) }),
  apply(stage, { unit }) {
    if (!(unit > 0)) throw pipelineInvalid("log-compress: unit must be above 0", { unit });
    const { builder } = stage;
    const scaled = append(append(stage, "Abs"), "Mul", [
      builder.constant(scalar(1 / unit), "log/unit"),
    ]);
    const size = append(append(scaled, "Add", [builder.constant(scalar(1), "log/one")]), "Log");
    return append(size, "Mul", [append(stage, "Sign").value]);
  },
};
