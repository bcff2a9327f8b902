import type { Tensor, Tensors } from "../graph/tensor.ts";
import { checkFeeds, disposed, outputIndices } from "./feeds.ts";
import type { EncodedModel } from "./model.ts";
import type { Loop, Session } from "./session.ts";
import type { EngineOptions } from "./wasm-engine.ts";
import { loadEngine } from "./wasm-engine.ts";
import { openWasmLoop } from "./wasm-loop.ts";
import { outputSlots, withPlaces } from "./wasm-outputs.ts";
import { loadProgram } from "./wasm-program.ts";
import { inputSlots } from "./wasm-slots.ts";

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
  const results = outputSlots(module, { inputs, outputs });
  const slots = inputSlots(module, results.reset);
  const all = outputIndices(outputs, undefined);
  // Reused: at microseconds a run, what it allocates counts.
  const [handles, targets]: [number[], number[]] = [[], []];
  const loops = new Set<Loop>();
  let open = true;

  const runNow = (feeds: Tensors, names: readonly string[] | undefined): Tensors => {
    if (!open) throw disposed("session");
    checkFeeds(inputs, feeds);
    const wanted = names === undefined ? all : outputIndices(outputs, names);
    for (let at = 0; at < inputs.length; at += 1) {
      handles[at] = slots.write(at, feeds[inputs[at]?.name ?? ""] as Tensor);
    }
    const made = withPlaces(results, () => {
      for (let at = 0; at < wanted.length; at += 1) targets[at] = results.target(wanted[at] ?? 0);
      return program.execute(handles, wanted, targets);
    });
    const tensors: Record<string, Tensor> = {};
    for (let at = 0; at < wanted.length; at += 1) {
      const output = wanted[at] ?? 0;
      tensors[outputs[output]?.name ?? ""] = results.take(output, made[at] ?? 0);
    }
    return tensors;
  };

  return {
    inputs,
    outputs,
    run(feeds, names) {
      // A third of a microsecond below Promise.try.
      try {
        return Promise.resolve(runNow(feeds, names));
      } catch (error) {
        return Promise.reject(error);
      }
    },
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
      results.reset();
      program.release();
    },
  };
}
