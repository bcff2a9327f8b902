import type * as ort from "onnxruntime-web";
import { zeros } from "../graph/dtypes.ts";
import type { Tensor, Tensors } from "../graph/tensor.ts";
import { carriedNamed, carriedPairs, checkFeeds, disposed } from "./feeds.ts";
import type { OrtProgram, OrtTensors } from "./ort-program.ts";
import { executeOrt } from "./ort-program.ts";
import { fromOrt, mapTensors } from "./ort-tensor.ts";
import type { Loop, LoopOptions } from "./session.ts";

type Carried = {
  readonly output: string;
  readonly name: string;
  now: ort.Tensor;
  next: ort.Tensor | null;
};

/**
 * Starts a loop over onnxruntime's public interface.
 *
 * Native writes into buffers of ours: two for each carried tensor, which swap roles. The WebAssembly package would leave
 * such buffers silently untouched (microsoft/onnxruntime#25786), so there each output becomes the next input as it is; on a
 * device it stays there, and the one before it is freed.
 *
 * @param onEnd Called once, when the loop is disposed.
 * @throws `LOOP_INVALID`, `FEED_INVALID`
 */
export function openOrtLoop(program: OrtProgram, options: LoopOptions, onEnd: () => void): Loop {
  const { feed, session, inputs, outputs, backend } = program;
  const carried = carriedPairs(program, options).map(({ output, input }): Carried => {
    const name = inputs[input]?.name ?? "";
    const start = copyOf(options.initial[name] as Tensor);
    return {
      output: outputs[output]?.name ?? "",
      name,
      now: feed(start),
      next: backend === "native" ? feed(blankLike(start)) : null,
    };
  });
  const names = new Set(carried.map(({ name }) => name));
  const fed = inputs.filter(({ name }) => !names.has(name));
  const carriedOutputs = new Set(carried.map(({ output }) => output));
  const results = outputs.map(({ name }) => name).filter((name) => !carriedOutputs.has(name));
  let open = true;
  let last: Promise<unknown> = Promise.resolve();

  const advance = (made: OrtTensors): void => {
    for (const pair of carried) {
      const next = pair.next ?? made[pair.output];
      if (next === undefined) continue;
      if (pair.next !== null) pair.next = pair.now;
      else if (session.download !== undefined) pair.now.dispose();
      pair.now = next;
    }
  };

  const stepNow = async (feeds: Tensors): Promise<Tensors> => {
    checkFeeds(fed, feeds);
    const given: Record<string, ort.Tensor> = mapTensors(feeds, feed);
    const fetches: Record<string, ort.Tensor | null> = {};
    for (const { name, now, output, next } of carried) {
      given[name] = now;
      fetches[output] = next;
    }
    for (const name of results) fetches[name] = null;
    const made = await executeOrt(program, given, fetches);
    advance(made);
    return Object.fromEntries(results.map((name) => [name, fromOrt(made[name] as ort.Tensor)]));
  };

  const readNow = async (wanted: readonly string[]): Promise<Tensors> => {
    const read: Record<string, Tensor> = {};
    for (const name of wanted) {
      const { now } = carriedNamed(carried, name);
      await session.download?.(now);
      read[name] = copyOf(fromOrt(now));
    }
    return read;
  };

  /** After what was asked for before, also when the caller did not wait. */
  const inOrder = <T>(work: () => Promise<T>): Promise<T> => {
    const mine = last.then(() => {
      if (!open) throw disposed("loop");
      return work();
    });
    last = mine.catch(() => undefined);
    return mine;
  };

  return {
    step: (feeds) => inOrder(() => stepNow(feeds)),
    read: (wanted = carried.map(({ name }) => name)) => inOrder(() => readNow(wanted)),
    async dispose() {
      if (!open) return;
      open = false;
      await last;
      if (session.download !== undefined) for (const { now } of carried) now.dispose();
      onEnd();
    },
  };
}

const copyOf = (tensor: Tensor): Tensor => ({ ...tensor, data: tensor.data.slice() }) as Tensor;

const blankLike = ({ dtype, shape }: Tensor): Tensor =>
  zeros(dtype as Exclude<Tensor["dtype"], "string">, shape);
