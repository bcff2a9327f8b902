import { expect, test } from "vitest";
import { tfliteEngine } from "./node/tflite-engines.ts";
import { openTflite } from "./tflite.ts";

test("bytes that are no model are MODEL_INVALID", async () => {
  const engine = await tfliteEngine();
  expect(() => openTflite(Uint8Array.of(1, 2, 3, 4), engine)).toThrow(
    expect.objectContaining({ code: "MODEL_INVALID" }),
  );
});
