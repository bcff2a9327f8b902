import type { Tensor, Tensors } from "../graph/tensor.ts";
import { checkFeeds, disposed, outputIndices } from "./feeds.ts";
import type { EncodedModel } from "./model.ts";
import type { Loop, Session } from "./session.ts";
import type { EngineOptions } from "./wasm-engine.ts";
import { loadEngine } from "./wasm-engine.ts";
import { openWasmLoop } from "./wasm-loop.ts";
import { loadProgram } from "./wasm-program.ts";
import { inputSlots } from "./wasm-slots.ts";
import { takeTensor } from "./wasm-tensor.ts";

/**
 * Opens a session directly on the runtime's WebAssembly module: synchronous runs, tensors that stay in its heap.
 *
 * @throws `MODEL_INVALID`, `MODEL_UNSUPPORTED`, `ENGINE_MISMATCH`
 */
export async function openWasm(model: EncodedModel, options: EngineOptions): Promise<Session> {
  const program = await loadProgram(await loadEngine(options), model.bytes);
  const { module } = program;
  const inputs = model.inputs ?? program.inputs;
  const outputs = model.outputs ?? program.outputs;
  const slots = inputSlots(module);
  const loops = new Set<Loop>();
  let open = true;

  const runNow = (feeds: Tensors, names: readonly string[] | undefined): Tensors => {
    if (!open) throw disposed("session");
    checkFeeds(inputs, feeds);
    const wanted = outputIndices(outputs, names);
    const handles = inputs.map(({ name }, index) => slots.write(index, feeds[name] as Tensor));
    const results = program.execute(handles, wanted, []);
    return Object.fromEntries(
      wanted.map((output, at) => [outputs[output]?.name, takeTensor(module, results[at] ?? 0)]),
    );
  };

  return {
    inputs,
    outputs,
    run: (feeds, names) => Promise.try(runNow, feeds, names),
    loop: (loopOptions) =>
      Promise.try(() => {
        if (!open) throw disposed("session");
        const loop = openWasmLoop({ program, inputs, outputs }, loopOptions, () =>
          loops.delete(loop),
        );
        loops.add(loop);
        return loop;
      }),
    async dispose() {
      if (!open) return;
      open = false;
      for (const loop of loops) await loop.dispose();
      slots.free();
      program.release();
    },
  };
}
