import type { ValueInfo } from "../graph/graph.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import type { CarriedPair } from "./feeds.ts";
import { carriedNamed, carriedPairs, checkFeeds, disposed } from "./feeds.ts";
import type { Loop, LoopOptions } from "./session.ts";
import { outputSlots, withPlaces } from "./wasm-outputs.ts";
import type { WasmProgram } from "./wasm-program.ts";
import { inputSlots } from "./wasm-slots.ts";
import type { HeapTensor } from "./wasm-tensor.ts";
import { allocTensor, freeTensor, readTensor, writeTensor } from "./wasm-tensor.ts";

/** A program with the declarations that its session shows. */
export type DeclaredProgram = {
  readonly program: WasmProgram;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
};

/** A carried value: the tensor that the next step reads, and the one that it writes. */
type Carried = CarriedPair & { readonly name: string; now: HeapTensor; next: HeapTensor };

/**
 * Starts a loop whose carried tensors stay in the heap, each in two buffers that swap roles after every step.
 *
 * A step never writes where it reads: an output may be computed before the last use of the input that it replaces.
 *
 * @param onEnd Called once, when the loop is disposed.
 * @throws `LOOP_INVALID`, `FEED_INVALID`
 */
export function openWasmLoop(
  { program, inputs, outputs }: DeclaredProgram,
  options: LoopOptions,
  onEnd: () => void,
): Loop {
  const { module } = program;
  const carried = carriedPairs({ inputs, outputs }, options).map(({ output, input }): Carried => {
    const name = inputs[input]?.name ?? "";
    const start = options.initial[name] as Tensor;
    const now = allocTensor(module, start);
    writeTensor(module, now, start);
    return { output, input, name, now, next: allocTensor(module, start) };
  });
  const isCarried = new Set(carried.map(({ input }) => input));
  const fed = inputs.flatMap((info, input) => (isCarried.has(input) ? [] : [{ info, input }]));
  const fedInfos = fed.map(({ info }) => info);
  const carriedOutputs = new Set(carried.map(({ output }) => output));
  const results = outputs.flatMap((info, output) =>
    carriedOutputs.has(output) ? [] : [{ info, output }],
  );
  const wanted = [...carried, ...results].map(({ output }) => output);
  const places = outputSlots(module, { inputs, outputs });
  const slots = inputSlots(module, places.reset);
  const handles = new Array<number>(inputs.length).fill(0);
  const targets = new Array<number>(wanted.length).fill(0);
  let open = true;

  const stepNow = (feeds: Tensors): Tensors => {
    if (!open) throw disposed("loop");
    checkFeeds(fedInfos, feeds);
    for (const { info, input } of fed) {
      handles[input] = slots.write(input, feeds[info.name] as Tensor);
    }
    for (const [at, { input, now, next }] of carried.entries()) {
      handles[input] = now.handle;
      targets[at] = next.handle;
    }
    const made = withPlaces(places, () => {
      for (const [at, { output }] of results.entries()) {
        targets[carried.length + at] = places.target(output);
      }
      return program.execute(handles, wanted, targets);
    });
    for (const pair of carried) [pair.now, pair.next] = [pair.next, pair.now];
    const tensors: Record<string, Tensor> = {};
    for (const [at, { info, output }] of results.entries()) {
      tensors[info.name] = places.take(output, made[carried.length + at] ?? 0);
    }
    return tensors;
  };

  const readNow = (names: readonly string[] = carried.map(({ name }) => name)): Tensors => {
    if (!open) throw disposed("loop");
    return Object.fromEntries(
      names.map((name) => [name, readTensor(module, carriedNamed(carried, name).now)]),
    );
  };

  return {
    step: (feeds) => Promise.try(stepNow, feeds),
    read: (names) => Promise.try(readNow, names),
    dispose() {
      if (open) {
        open = false;
        for (const { now, next } of carried) {
          freeTensor(module, now);
          freeTensor(module, next);
        }
        slots.free();
        places.reset();
        onEnd();
      }
      return Promise.resolve();
    },
  };
}
