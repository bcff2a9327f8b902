// The addon inside onnxruntime-node is no public interface: it is compared with the package's own here.
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { f32, scalar } from "../../graph/tensor.ts";
import { affineModel, descentModel, lookupModel } from "../../testing/session-models.ts";
import { encodeModel } from "../model.ts";
import { openNative, openNativePublic } from "./native.ts";
import { addonVersion, nativeAddon, openOnAddon } from "./native-addon.ts";
import { nativeAvailable } from "./probe.ts";

const test_ = (await nativeAvailable()) ? test : test.skip;

test("the version whose addon is driven is pinned exactly", () => {
  const manifest = JSON.parse(
    readFileSync(new URL("../../../package.json", import.meta.url), "utf8"),
  );
  expect(manifest.peerDependencies["onnxruntime-node"]).toBe(addonVersion);
});

test_("results and declarations are the public interface's", async () => {
  expect(nativeAddon()).toBeDefined();
  for (const model of [affineModel(), descentModel(), lookupModel()]) {
    const { bytes } = encodeModel(model);
    const [direct, open] = [await openNative({ bytes }, {}), await openNativePublic({ bytes }, 1)];
    expect([direct.inputs, direct.outputs]).toEqual([open.inputs, open.outputs]);
    await direct.dispose();
    await open.dispose();
  }
  const model = encodeModel(affineModel());
  const [direct, open] = [await openNative(model, {}), await openNativePublic(model, 1)];
  for (const rows of [1, 3]) {
    const x = f32(Float32Array.from({ length: 2 * rows }, Math.sin), [rows, 2]);
    expect(await direct.run({ x })).toEqual(await open.run({ x }));
  }
  await direct.dispose();
  await open.dispose();
});

test_("without an addon of the expected kind the public interface serves", async () => {
  const session = await openNativePublic(encodeModel(affineModel()), 1);
  expect(await session.run({ x: f32([1, 2], [1, 2]) }, ["s"])).toEqual({ s: scalar(8) });
  await session.dispose();
});

test("a sequence is refused, a dimension without a name is unknown", () => {
  const value = {
    name: "x",
    isTensor: true,
    type: 1,
    shape: [-1, 2],
    symbolicDimensions: ["", ""],
  };
  const addon = (inputs: readonly object[]): Parameters<typeof openOnAddon>[0] =>
    ({
      open: () => ({ loadModel: () => undefined, inputMetadata: inputs, outputMetadata: [] }),
    }) as unknown as Parameters<typeof openOnAddon>[0];
  expect(openOnAddon(addon([value]), new Uint8Array(), {}).inputs).toEqual([
    { name: "x", dtype: "float32", shape: ["?", 2] },
  ]);
  expect(() => openOnAddon(addon([{ ...value, isTensor: false }]), new Uint8Array(), {})).toThrow(
    expect.objectContaining({ code: "MODEL_UNSUPPORTED" }),
  );
});
