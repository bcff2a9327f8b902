import type { Tensor, Tensors } from "../graph/tensor.ts";
import { carriedNamed, carriedPairs, checkFeeds, disposed, outputIndices } from "./feeds.ts";
import type { Loop, LoopOptions, Session } from "./session.ts";
import type { TfliteProgram } from "./tflite-program.ts";

/**
 * Puts the session port in front of a .tflite model.
 *
 * What the model itself keeps from run to run (variables, a streaming model's history) goes on through all runs and
 * loops of the session; another session starts afresh.
 */
export function tfliteSession(program: TfliteProgram): Session {
  const { inputs, outputs } = program;
  const loops = new Set<Loop>();
  let open = true;
  const runNow = (feeds: Tensors, names: readonly string[] | undefined): Tensors => {
    if (!open) throw disposed("session");
    checkFeeds(inputs, feeds);
    const wanted = outputIndices(outputs, names).map((index) => outputs[index]?.name ?? "");
    return pick(program.execute(feeds), wanted);
  };
  return {
    inputs,
    outputs,
    run: (feeds, names) => Promise.try(runNow, feeds, names),
    loop: (options) =>
      Promise.try(() => {
        if (!open) throw disposed("session");
        const loop = tfliteLoop(program, options, () => loops.delete(loop));
        loops.add(loop);
        return loop;
      }),
    async dispose() {
      if (!open) return;
      open = false;
      for (const loop of loops) await loop.dispose();
      program.release();
    },
  };
}

/** Carried tensors are copied out and in: the engines give their memory to no one. */
function tfliteLoop(program: TfliteProgram, options: LoopOptions, onEnd: () => void): Loop {
  const carried = carriedPairs(program, options).map(({ output, input }) => {
    const name = program.inputs[input]?.name ?? "";
    return { name, output: program.outputs[output]?.name ?? "" };
  });
  let state: Tensors = Object.fromEntries(
    carried.map(({ name }) => [name, copyOf(options.initial[name] as Tensor)]),
  );
  const fed = program.inputs.filter(({ name }) => !carried.some((pair) => pair.name === name));
  const results = program.outputs
    .map(({ name }) => name)
    .filter((name) => !carried.some((pair) => pair.output === name));
  let open = true;
  const stepNow = (feeds: Tensors): Tensors => {
    if (!open) throw disposed("loop");
    checkFeeds(fed, feeds);
    const made = program.execute({ ...feeds, ...state });
    state = Object.fromEntries(carried.map(({ name, output }) => [name, made[output] as Tensor]));
    return pick(made, results);
  };
  return {
    step: (feeds) => Promise.try(stepNow, feeds),
    read: (names) =>
      Promise.try(() => {
        if (!open) throw disposed("loop");
        const wanted = names ?? carried.map(({ name }) => name);
        return Object.fromEntries(
          wanted.map((name) => [name, copyOf(state[carriedNamed(carried, name).name] as Tensor)]),
        );
      }),
    dispose() {
      if (open) onEnd();
      open = false;
      return Promise.resolve();
    },
  };
}

const pick = (tensors: Tensors, names: readonly string[]): Tensors =>
  Object.fromEntries(names.map((name) => [name, tensors[name] as Tensor]));

const copyOf = (tensor: Tensor): Tensor => ({ ...tensor, data: tensor.data.slice() }) as Tensor;
