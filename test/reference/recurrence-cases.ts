import { int, text } from "../../core/src/graph/builder.ts";
import type { Tensor } from "../../core/src/graph/tensor.ts";
import type { Draw, Maker } from "./case.ts";
import { caseOf } from "./case.ts";

const gates = { RNN: 1, GRU: 3, LSTM: 4 } as const;

const cell =
  (
    op: keyof typeof gates,
    attributes: (draw: Draw) => Parameters<typeof caseOf>[2] = () => ({}),
  ): Maker =>
  (draw) => {
    const [time, batch, width, units] = [
      draw.int(1, 4),
      draw.int(1, 3),
      draw.int(1, 3),
      draw.int(1, 3),
    ];
    const direction = draw.of("forward", "reverse", "bidirectional");
    const directions = direction === "bidirectional" ? 2 : 1;
    const rows = gates[op] * units;
    const given: Record<string, Tensor> = {
      x: draw.tensor([time, batch, width]),
      w: draw.tensor([directions, rows, width]),
      r: draw.tensor([directions, rows, units]),
    };
    if (draw.flip()) {
      given["b"] = draw.tensor([directions, 2 * rows]);
      if (draw.flip()) {
        given[""] = given["x"] as Tensor;
        given["h"] = draw.tensor([directions, batch, units]);
        if (op === "LSTM") given["c"] = draw.tensor([directions, batch, units]);
      }
    }
    const more = attributes(draw);
    return caseOf(op, given, {
      outputs: 2,
      ...more,
      attributes: {
        hidden_size: int(units),
        direction: text(direction),
        ...more?.attributes,
      },
    });
  };

/** Random cases of cells that run over a sequence. */
export const recurrenceCases: Readonly<Record<string, Maker>> = {
  RNN: cell("RNN"),
  GRU: cell("GRU"),
  "GRU linear before reset": cell("GRU", () => ({ attributes: { linear_before_reset: int(1) } })),
  LSTM: cell("LSTM"),
};
