import { silentLog } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import type { Classifier } from "./classifier.ts";
import { servingPlace } from "./serving-place.ts";

function setUp() {
  const disposed: string[] = [];
  const seen: (string | undefined)[] = [];
  const model = (backend: string): Classifier =>
    ({
      backend,
      dispose: () => {
        disposed.push(backend);
        return Promise.resolve();
      },
    }) as unknown as Classifier;
  const place = servingPlace({
    onChange: (classifier) => seen.push(classifier?.backend),
    log: silentLog,
  });
  return { disposed, model, place, seen };
}

test("a model that gives way is closed after the next one serves", () => {
  const { disposed, model, place, seen } = setUp();
  place.swap(model("wasm"));
  place.swap(model("native"));
  expect([place.current()?.backend, disposed, seen]).toEqual([
    "native",
    ["wasm"],
    ["wasm", "native"],
  ]);
});

test("a model that comes after the close leaves no worker behind", async () => {
  const { disposed, model, place } = setUp();
  place.swap(model("wasm"));
  await place.close();
  place.swap(model("native"));
  expect([place.current(), disposed]).toEqual([undefined, ["wasm", "native"]]);
});
