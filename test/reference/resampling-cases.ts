import type { Attributes } from "../../core/src/graph/builder.ts";
import { float, int, ints, text } from "../../core/src/graph/builder.ts";
import { f32, i64 } from "../../core/src/graph/tensor.ts";
import type { Draw, Maker } from "./case.ts";
import { caseOf } from "./case.ts";

const none = f32([], [0]);

/** Two axes in space, by factors or to sizes. */
function resized(draw: Draw, attributes: Attributes): ReturnType<Maker> {
  const [height, width] = [draw.int(2, 4), draw.int(2, 4)];
  const x = draw.tensor([draw.int(1, 2), draw.int(1, 2), height, width]);
  if (draw.flip()) {
    const scales = f32([1, 1, draw.of(0.5, 1, 2, 2.5), draw.of(0.5, 2, 3)]);
    return caseOf("Resize", { x, roi: none, scales }, { attributes, constants: ["roi", "scales"] });
  }
  const sizes = i64([...x.shape.slice(0, 2), draw.int(1, 7), draw.int(1, 7)]);
  return caseOf(
    "Resize",
    { x, roi: none, scales: none, sizes },
    { attributes, constants: ["roi", "scales", "sizes"] },
  );
}

const modes = [
  ...["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"],
] as const;

const nearest: Maker = (draw) =>
  resized(draw, {
    mode: text("nearest"),
    coordinate_transformation_mode: text(draw.of(...modes)),
    nearest_mode: text(draw.of("floor", "ceil", "round_prefer_floor", "round_prefer_ceil")),
  });

const linear: Maker = (draw) =>
  resized(draw, {
    mode: text("linear"),
    coordinate_transformation_mode: text(draw.of(...modes)),
  });

const cubic: Maker = (draw) =>
  resized(draw, {
    mode: text("cubic"),
    coordinate_transformation_mode: text(draw.of(...modes)),
    cubic_coeff_a: float(draw.of(-0.75, -0.5)),
    exclude_outside: int(draw.int(0, 1)),
  });

/** A part of an image, of which some may lie outside. */
const cropped: Maker = (draw) => {
  const x = draw.tensor([1, draw.int(1, 2), draw.int(2, 4), draw.int(2, 4)]);
  // onnxruntime takes an axis that keeps its size as it is.
  const other = (size: number): number => draw.of(size - 1, size + 1, size + 2);
  const corner = (): number => draw.of(-0.25, 0, 0.3);
  const roi = f32([0, 0, corner(), corner(), 1, 1, draw.of(0.6, 1), draw.of(1, 1.3)]);
  const sizes = i64([...x.shape.slice(0, 2), other(x.shape[2]!), other(x.shape[3]!)]);
  return caseOf(
    "Resize",
    { x, roi, scales: none, sizes },
    {
      attributes: {
        mode: text(draw.of("linear", "nearest")),
        coordinate_transformation_mode: text("tf_crop_and_resize"),
        extrapolation_value: float(0.5),
      },
      constants: ["roi", "scales", "sizes"],
    },
  );
};

const someAxes: Maker = (draw) =>
  caseOf(
    "Resize",
    { x: draw.tensor([2, 3, draw.int(2, 5)]), roi: none, scales: f32([2]) },
    {
      attributes: { axes: ints([2]), mode: text("nearest") },
      constants: ["roi", "scales"],
      symbolic: ["x"],
    },
  );

const pad =
  (mode: string): Maker =>
  (draw) => {
    const shape = [draw.int(1, 3), draw.int(3, 4), draw.int(3, 4)];
    const pads = i64(Array.from({ length: 4 }, () => draw.int(0, 2)));
    return caseOf(
      "Pad",
      { x: draw.tensor(shape), pads, value: f32([0], []), axes: i64([1, 2]) },
      { attributes: { mode: text(mode) }, constants: ["pads", "value", "axes"], symbolic: ["x"] },
    );
  };

/** Random cases of operators that sample or repeat along axes. */
export const resamplingCases: Readonly<Record<string, Maker>> = {
  "Resize nearest": nearest,
  "Resize linear": linear,
  "Resize cubic": cubic,
  "Resize cropped": cropped,
  "Resize some axes": someAxes,
  "Pad reflect": pad("reflect"),
  "Pad edge": pad("edge"),
  "Pad wrap": pad("wrap"),
};
