import { openSession } from "../../core/src/runtime/node/open.ts";
import { nativeAvailable } from "../../core/src/runtime/node/probe.ts";
import type { Bench } from "./bench.ts";
import { interleaved, ratio } from "./bench.ts";
import { gatewayCnn, windows } from "./bench-models.ts";

export const bench: Bench = {
  name: "backend",
  about: "wasm over native, one thread each; needs onnxruntime-node",
  async run() {
    if (!(await nativeAvailable())) return [];
    const wasm = await openSession(gatewayCnn(), { backend: "wasm" });
    const native = await openSession(gatewayCnn(), { backend: "native" });
    const [one, many] = [windows(1), windows(32)];
    const times = await interleaved({
      wasm: () => wasm.run(one),
      native: () => native.run(one),
      wasmMany: () => wasm.run(many),
      nativeMany: () => native.run(many),
    });
    return [
      ratio("1-D CNN float, batch 1: wasm over native", times.wasm, times.native),
      { label: "1-D CNN float, batch 1: wasm", value: times.wasm, unit: "us" },
      ratio("1-D CNN float, batch 32: wasm over native", times.wasmMany, times.nativeMany),
    ];
  },
};
