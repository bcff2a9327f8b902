import type { Attributes } from "../../core/src/graph/builder.ts";
import { float, int, text } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import { f32 } from "../../core/src/graph/tensor.ts";
import type { Draw, Maker } from "./case.ts";
import { caseOf } from "./case.ts";

const gates = { RNN: 1, GRU: 3, LSTM: 4 } as const;

/** What a case has beside the weights. */
type CellOptions = {
  readonly attributes?: Attributes;
  readonly lengths?: boolean;
  readonly peepholes?: boolean;
  readonly batchFirst?: boolean;
};

const left: Tensor = f32([]);

type Sizes = Readonly<Record<"time" | "batch" | "width" | "units" | "directions", number>>;

/** Everything that a cell may be given, in its order. */
function inputsOf(draw: Draw, op: keyof typeof gates, options: CellOptions, sizes: Sizes) {
  const { batchFirst = false, lengths = false, peepholes = false } = options;
  const { time, batch, width, units, directions } = sizes;
  const rows = gates[op] * units;
  const swapped = (first: number, ...rest: number[]): Tensor =>
    draw.tensor(batchFirst ? [batch, first, ...rest] : [first, batch, ...rest]);
  const given: Record<string, Tensor> = {
    x: swapped(time, width),
    w: draw.tensor([directions, rows, width]),
    r: draw.tensor([directions, rows, units]),
    ...(draw.flip() ? { b: draw.tensor([directions, 2 * rows]) } : { "": left }),
    ...(lengths ? { lengths: lengthsOf(draw, time, batch) } : { " ": left }),
  };
  const states = op === "LSTM" ? ["h", "c"] : ["h"];
  for (const name of peepholes || draw.flip() ? states : []) {
    given[name] = swapped(directions, units);
  }
  return peepholes ? { ...given, p: draw.tensor([directions, 3 * units]) } : given;
}

const cell =
  (op: keyof typeof gates, options: CellOptions = {}): Maker =>
  (draw) => {
    const [time, batch, width, units] = [4, 3, 3, 3].map((high) => draw.int(1, high)) as [
      number,
      number,
      number,
      number,
    ];
    const direction = draw.of("forward", "reverse", "bidirectional");
    const directions = direction === "bidirectional" ? 2 : 1;
    const sizes = { time, batch, width, units, directions };
    return caseOf(op, inputsOf(draw, op, options, sizes), {
      outputs: op === "LSTM" ? 3 : 2,
      attributes: {
        hidden_size: int(units),
        direction: text(direction),
        ...(options.batchFirst === true ? { layout: int(1) } : {}),
        ...options.attributes,
      },
    });
  };

/** Lengths of which one is the whole sequence, as a batch is padded. */
const lengthsOf = (draw: Draw, time: number, batch: number): Tensor => ({
  dtype: "int32",
  shape: [batch],
  data: Int32Array.from({ length: batch }, (_, b) => (b === 0 ? time : draw.int(1, time))),
});

const linearFirst = { linear_before_reset: int(1) };

/** onnxruntime has no kernels that take the batch first (1.30: "Batchwise recurrent operations are not supported"). */
export const withoutKernel: readonly string[] = ["RNN", "GRU", "LSTM"].map(
  (op) => `${op} batch first`,
);

/** Random cases of cells that run over a sequence. */
export const recurrenceCases: Readonly<Record<string, Maker>> = {
  RNN: cell("RNN"),
  "RNN lengths": cell("RNN", { lengths: true }),
  "RNN clip": cell("RNN", { attributes: { clip: float(0.7) } }),
  "RNN batch first": cell("RNN", { batchFirst: true }),
  GRU: cell("GRU"),
  "GRU lengths": cell("GRU", { lengths: true }),
  "GRU clip": cell("GRU", { attributes: { clip: float(0.7) } }),
  "GRU batch first": cell("GRU", { batchFirst: true, lengths: true }),
  "GRU linear before reset": cell("GRU", { attributes: linearFirst }),
  "GRU linear before reset, lengths": cell("GRU", { lengths: true, attributes: linearFirst }),
  LSTM: cell("LSTM"),
  "LSTM lengths": cell("LSTM", { lengths: true }),
  "LSTM clip": cell("LSTM", { attributes: { clip: float(0.7) } }),
  "LSTM peepholes": cell("LSTM", { peepholes: true }),
  "LSTM peepholes, lengths, clip": cell("LSTM", {
    lengths: true,
    peepholes: true,
    attributes: { clip: float(1.5) },
  }),
  "LSTM input_forget": cell("LSTM", { attributes: { input_forget: int(1) } }),
  "LSTM batch first": cell("LSTM", { batchFirst: true }),
};
