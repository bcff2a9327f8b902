import { expect, test } from "vitest";
import { sessionContract } from "../testing/session-contract.ts";
import { affineModel, identityModel } from "../testing/session-models.ts";
import { encodeTflite } from "../tflite/encode.ts";
import { toTflite } from "../tflite/to-tflite.ts";
import { encodeModelFor } from "./model-for.ts";
import { tfliteEngine } from "./node/tflite-engines.ts";
import { openTflite } from "./tflite.ts";

sessionContract(
  "tflite",
  async (model) => openTflite(encodeModelFor(model, "tflite").bytes, await tfliteEngine()),
  { isFixed: true, dtypes: ["float32", "int8", "uint8", "int16", "int32", "bool"] },
);

test("what the package does not pass in or out is refused by name", async () => {
  const { bytes } = encodeModelFor(identityModel("int64"), "tflite");
  const engine = await tfliteEngine();
  expect(() => openTflite(bytes, engine)).toThrow(
    expect.objectContaining({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringContaining("does not pass int64 in or out"),
      details: { backend: "tflite", value: "x", dtype: "int64" },
    }),
  );
});

test("a version that is younger than the package is refused, with the backend that may take it", async () => {
  const model = toTflite(affineModel(1));
  const [graph] = model.subgraphs;
  const operators = graph?.operators.map((operator) => ({ ...operator, version: 99 })) ?? [];
  const bytes = encodeTflite({ ...model, subgraphs: [{ ...graph!, operators }] });
  const engine = await tfliteEngine();
  expect(() => openTflite(bytes, engine)).toThrow(
    expect.objectContaining({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringMatching(/has no (MUL|ADD) of version 99; open .* litert$/),
    }),
  );
});
