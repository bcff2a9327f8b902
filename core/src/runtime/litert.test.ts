import { expect, test } from "vitest";
import { openLitert } from "./litert.ts";
import { litertEngine } from "./node/tflite-engines.ts";

test("bytes that are no model are MODEL_INVALID", async () => {
  const opening = openLitert(Uint8Array.of(1, 2, 3, 4), await litertEngine());
  await expect(opening).rejects.toMatchObject({ code: "MODEL_INVALID" });
});
