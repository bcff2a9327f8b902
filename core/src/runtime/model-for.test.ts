import { expect, test } from "vitest";
import { affineModel, nonZeroModel } from "../testing/session-models.ts";
import { decodeTflite } from "../tflite/decode.ts";
import { encodeModel } from "./model.ts";
import { encodeModelFor } from "./model-for.ts";

test("engines of .tflite files get one; what it cannot say is MODEL_UNSUPPORTED by name", () => {
  const { bytes, inputs } = encodeModelFor(affineModel(), "litert");
  expect(inputs).toBeUndefined();
  expect(decodeTflite(bytes).subgraphs[0]?.tensors[0]).toMatchObject({ name: "x", shape: [1, 2] });
  expect(() => encodeModelFor(nonZeroModel(), "tflite")).toThrow(
    expect.objectContaining({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringContaining("NonZero"),
    }),
  );
});

test("other backends get ONNX, and bytes stay the same bytes", () => {
  expect(encodeModelFor(affineModel(), "native")).toEqual(encodeModel(affineModel()));
  const bytes = Uint8Array.of(1, 2, 3);
  expect(encodeModelFor(bytes, "litert").bytes).toBe(bytes);
});
