import { afterEach, describe, expect, test } from "vitest";
import { dtypes } from "../graph/dtypes.ts";
import type { Graph } from "../graph/graph.ts";
import type { DType, Tensor, Tensors } from "../graph/tensor.ts";
import { f32, i64, scalar } from "../graph/tensor.ts";
import type { Session } from "../runtime/session.ts";
import type { ContractForm } from "./session-models.ts";
import {
  affineModel,
  descentModel,
  exchangeModel,
  identityModel,
  integers,
  lookupModel,
  nonZeroModel,
  sessionDTypes,
  unknownOperatorModel,
} from "./session-models.ts";

type Open = (model: Graph | Uint8Array) => Promise<Session>;

const descentCarry = [
  ["w.next", "w"],
  ["count.next", "count"],
] as const;
const descentFeeds = (g: readonly number[]): Tensors => ({
  g: f32(g, [g.length / 2, 2]),
  rate: scalar(0.5),
});

/** What a backend cannot do, so that the contract asks for what it can. */
export type ContractLimits = {
  /** Sizes are fixed when a model is opened. */
  readonly isFixed?: boolean;
  /** Element types that it passes; all of `sessionDTypes` when absent. */
  readonly dtypes?: readonly DType[];
  /** False where indices outside a table give whatever lies there. */
  readonly checksData?: boolean;
};

/** The contract's models and tensors, as a backend can have them. */
type Contract = {
  readonly open: Open;
  readonly limits: ContractLimits;
  readonly form: ContractForm;
  readonly affine: (rows?: number) => Graph;
  readonly count: (value: number) => Tensor;
  readonly start: () => Tensors;
};

/**
 * Holds a backend to the session port; called once for each.
 *
 * Numbers are small integers and halves, which float32 holds exactly, computed by hand.
 */
export function sessionContract(name: string, open: Open, limits: ContractLimits = {}): void {
  const sessions: Session[] = [];
  const opened = async (model: Graph | Uint8Array): Promise<Session> => {
    const session = await open(model);
    sessions.push(session);
    return session;
  };
  afterEach(async () => {
    for (const session of sessions.splice(0)) await session.dispose();
  });
  const { isFixed = false, dtypes: passed = sessionDTypes } = limits;
  const integer = passed.includes("int64") ? "int64" : "int32";
  const count = (value: number): Tensor => integers(integer, [value], []);
  const contract: Contract = {
    open: opened,
    limits,
    form: { integer, ...(isFixed ? { size: 1 } : {}) },
    affine: (rows = 1) => affineModel(isFixed ? rows : "N"),
    count,
    start: () => ({ w: f32([1, 2]), count: count(0) }),
  };
  describe(`${name} run`, () => runContract(contract));
  describe(`${name} refusals`, () => refusalContract(contract));
  if (limits.checksData !== false)
    describe(`${name} failing runs`, () => failureContract(contract));
  describe(`${name} loop`, () => loopContract(contract));
  describe(`${name} dispose`, () => disposeContract(contract));
}

function runContract({ open, limits, affine }: Contract): void {
  test("inputs and outputs are the graph's", async () => {
    const graph = affine();
    const session = await open(graph);
    expect(session.inputs).toEqual(graph.inputs);
    expect(session.outputs).toEqual(graph.outputs);
  });

  test.skipIf(limits.isFixed)("a batch dimension takes any size, from run to run", async () => {
    const session = await open(affine());
    expect(await session.run({ x: f32([1, 2], [1, 2]) })).toEqual({
      y: f32([3, 5], [1, 2]),
      s: scalar(8),
    });
    expect(await session.run({ x: f32([0, 1, 2, 3], [2, 2]) })).toEqual({
      y: f32([1, 3, 5, 7], [2, 2]),
      s: scalar(16),
    });
    expect(await session.run({ x: f32([], [0, 2]) })).toEqual({ y: f32([], [0, 2]), s: scalar(0) });
  });

  test("only the wanted outputs come back", async () => {
    const session = await open(affine());
    const x = f32([1, 1], [1, 2]);
    expect(await session.run({ x }, ["s"])).toEqual({ s: scalar(6) });
    expect(Object.keys(await session.run({ x }, ["s", "y"])).sort()).toEqual(["s", "y"]);
  });

  test.for(limits.dtypes ?? sessionDTypes)("elements of %s pass unchanged", async (dtype) => {
    const session = await open(identityModel(dtype, limits.isFixed ? 3 : "N"));
    const { array, bits } = dtypes[dtype];
    if (array === undefined) throw new TypeError("a dtype of numbers");
    const data = bits === 64 && dtype !== "float64" ? [0n, 1n, 7n] : [0, 1, 7];
    const elements = dtype === "bool" ? [0, 1, 1] : data;
    const from = (array as unknown as { from(values: readonly unknown[]): unknown }).from(elements);
    const x = { dtype, shape: [3], data: from } as Tensor;
    expect(await session.run({ x })).toEqual({ y: x });
  });

  test.skipIf(limits.isFixed)("a shape that the data decides is the data's", async () => {
    const session = await open(nonZeroModel());
    expect(await session.run({ x: f32([0, 5, 0, 7]) })).toEqual({ y: i64([1, 3], [1, 2]) });
    expect(await session.run({ x: f32([0, 0]) })).toEqual({ y: i64([], [1, 0]) });
  });

  test("feeds stay as they are, and a result outlives the next run", async () => {
    const session = await open(affine());
    const x = f32([1, 2], [1, 2]);
    const first = await session.run({ x });
    await session.run({ x: f32([9, 9], [1, 2]) });
    expect(x).toEqual(f32([1, 2], [1, 2]));
    expect(first["y"]).toEqual(f32([3, 5], [1, 2]));
  });

  test("runs that overlap keep their own results", async () => {
    const session = await open(affine());
    const sums = await Promise.all(
      [1, 2, 3].map((each) => session.run({ x: f32([each, each], [1, 2]) }, ["s"])),
    );
    expect(sums.map(({ s }) => s)).toEqual([scalar(6), scalar(10), scalar(14)]);
  });

  test("tensors of many megabytes fit", async () => {
    const rows = 1 << 20;
    const session = await open(affine(rows));
    const result = await session.run({ x: f32(new Float32Array(2 * rows).fill(3), [rows, 2]) }, [
      "y",
    ]);
    const { data = [] } = result["y"] ?? {};
    expect([data.length, data[0], data[2 * rows - 1]]).toEqual([2 * rows, 7, 7]);
  });
}

function refusalContract({ open, limits, affine }: Contract): void {
  const good = f32([1, 2], [1, 2]);
  test.for<readonly [string, Tensors, Record<string, unknown>]>([
    ["a missing input", {}, { input: "x", got: "nothing" }],
    ["an unknown input", { x: good, z: good }, { input: "z" }],
    ["another dtype", { x: i64([1, 2], [1, 2]) }, { input: "x", got: "int64 [1, 2]" }],
    [
      "another rank",
      { x: f32([1, 2]) },
      { input: "x", expected: `float32 [${limits.isFixed ? 1 : "N"}, 2]` },
    ],
    ["another size", { x: f32([1, 2, 3], [1, 3]) }, { input: "x", got: "float32 [1, 3]" }],
    ["less data than the shape says", { x: { ...good, shape: [2, 2] } }, { input: "x" }],
  ])("%s is FEED_INVALID by name, and the session goes on", async ([, feeds, details]) => {
    const session = await open(affine());
    await expect(session.run(feeds)).rejects.toMatchObject({ code: "FEED_INVALID", details });
    expect(await session.run({ x: good }, ["s"])).toEqual({ s: scalar(8) });
  });

  test("an unknown output is OUTPUT_UNKNOWN", async () => {
    const session = await open(affine());
    await expect(session.run({ x: good }, ["nope"])).rejects.toMatchObject({
      code: "OUTPUT_UNKNOWN",
      details: { output: "nope" },
    });
  });

  test("bytes that are no model are MODEL_INVALID", async () => {
    await expect(open(Uint8Array.of(1, 2, 3, 4))).rejects.toMatchObject({ code: "MODEL_INVALID" });
    await expect(open(new Uint8Array(0))).rejects.toMatchObject({ code: "MODEL_INVALID" });
  });

  test("an operator that the runtime lacks is MODEL_UNSUPPORTED", async () => {
    await expect(open(unknownOperatorModel())).rejects.toMatchObject({ code: "MODEL_UNSUPPORTED" });
  });
}

function failureContract({ open, limits, form }: Contract): void {
  test("a run that fails is RUN_FAILED, and the session goes on", async () => {
    const { integer = "int64" } = form;
    const session = await open(lookupModel({ ...form, ...(limits.isFixed ? { size: 2 } : {}) }));
    const outside = integers(integer, [3, 0]);
    await expect(session.run({ index: outside })).rejects.toMatchObject({ code: "RUN_FAILED" });
    const index = integers(integer, [2, 0]);
    expect(await session.run({ index })).toEqual({ y: f32([30, 10]) });
  });
}

function loopContract({ open, limits, form, count, start }: Contract): void {
  test("carried tensors flow from step to step, results are of the step's start", async () => {
    const session = await open(descentModel(form));
    const initial = start();
    const loop = await session.loop({ carry: descentCarry, initial });
    expect(await loop.step(descentFeeds([2, 4]))).toEqual({ loss: scalar(3) });
    const again = limits.isFixed ? descentFeeds([2, 2]) : descentFeeds([1, 1, 1, 1]);
    expect(await loop.step(again)).toEqual({ loss: scalar(0) });
    expect(await loop.read()).toEqual({ w: f32([-1, -1]), count: count(2) });
    expect(initial).toEqual(start());
  });

  test("many steps are what as many runs with fed-back outputs are", async () => {
    const session = await open(descentModel(form));
    const loop = await session.loop({ carry: descentCarry, initial: start() });
    let state = start();
    for (let step = 0; step < 25; step += 1) {
      const feeds = descentFeeds([step % 3, 1]);
      await loop.step(feeds);
      const next = await session.run({ ...state, ...feeds });
      state = { w: next["w.next"] as Tensor, count: next["count.next"] as Tensor };
    }
    expect(await loop.read()).toEqual(state);
  });

  test("a step never writes where it still reads", async () => {
    const session = await open(exchangeModel());
    const loop = await session.loop({
      carry: [
        ["a.next", "a"],
        ["b.next", "b"],
      ],
      initial: { a: f32([1, 2]), b: f32([3, 4]) },
    });
    for (let step = 0; step < 3; step += 1) await loop.step({});
    expect(await loop.read()).toEqual({ a: f32([3, 4]), b: f32([1, 2]) });
  });

  test("a step that fails leaves the state as it was", async () => {
    const session = await open(descentModel(form));
    const loop = await session.loop({ carry: descentCarry, initial: start() });
    await loop.step(descentFeeds([2, 4]));
    const before = await loop.read();
    await expect(loop.step({ g: f32([1, 1], [1, 2]) })).rejects.toMatchObject({
      code: "FEED_INVALID",
      details: { input: "rate" },
    });
    expect(await loop.read()).toEqual(before);
  });

  test("what was read is a copy, and only what was asked for", async () => {
    const session = await open(descentModel(form));
    const loop = await session.loop({ carry: descentCarry, initial: start() });
    const before = await loop.read(["w"]);
    await loop.step(descentFeeds([2, 4]));
    await loop.step(descentFeeds([2, 4]));
    expect(before).toEqual({ w: f32([1, 2]) });
    await expect(loop.read(["nope"])).rejects.toMatchObject({ code: "LOOP_INVALID" });
  });

  test("loops of one session do not touch each other", async () => {
    const session = await open(descentModel(form));
    const [one, two] = [
      await session.loop({ carry: descentCarry, initial: start() }),
      await session.loop({ carry: descentCarry, initial: { w: f32([8, 8]), count: count(5) } }),
    ];
    await one.step(descentFeeds([2, 4]));
    await one.dispose();
    await two.step(descentFeeds([2, 2]));
    expect(await two.read()).toEqual({ w: f32([7, 7]), count: count(6) });
  });

  test("steps that overlap happen in the order of their calls", async () => {
    const session = await open(descentModel(form));
    const loop = await session.loop({ carry: descentCarry, initial: start() });
    const losses = await Promise.all([1, 2, 3].map(() => loop.step(descentFeeds([1, 1]))));
    expect(losses).toEqual([{ loss: scalar(3) }, { loss: scalar(2) }, { loss: scalar(1) }]);
  });

  test.for<readonly [string, readonly (readonly [string, string])[], Tensors, string]>([
    ["an unknown output", [["nope", "w"]], { w: f32([1, 2]) }, "LOOP_INVALID"],
    ["an unknown input", [["w.next", "nope"]], { nope: f32([1, 2]) }, "LOOP_INVALID"],
    ["a pair of two dtypes", [["count.next", "w"]], { w: f32([1, 2]) }, "LOOP_INVALID"],
    ["a tensor too many", [["w.next", "w"]], start(), "LOOP_INVALID"],
    ["no initial tensor", [["w.next", "w"]], {}, "FEED_INVALID"],
    ["an initial tensor of another shape", [["w.next", "w"]], { w: f32([1]) }, "FEED_INVALID"],
  ])("%s is refused", async ([, carry, initial, code]) => {
    const session = await open(descentModel(form));
    await expect(session.loop({ carry, initial })).rejects.toMatchObject({ code });
  });
}

function disposeContract({ open, form, start }: Contract): void {
  test("a disposed session says so, and so do its loops", async () => {
    const session = await open(descentModel(form));
    const loop = await session.loop({ carry: descentCarry, initial: start() });
    await session.dispose();
    await session.dispose();
    const gone = { code: "SESSION_DISPOSED" };
    await expect(session.run({ ...start(), ...descentFeeds([1, 1]) })).rejects.toMatchObject(gone);
    await expect(session.loop({ carry: descentCarry, initial: start() })).rejects.toMatchObject(
      gone,
    );
    await expect(loop.step(descentFeeds([1, 1]))).rejects.toMatchObject(gone);
    await expect(loop.read()).rejects.toMatchObject(gone);
  });

  test("a disposed loop leaves its session open", async () => {
    const session = await open(descentModel(form));
    const loop = await session.loop({ carry: descentCarry, initial: start() });
    await loop.dispose();
    await loop.dispose();
    await expect(loop.step(descentFeeds([1, 1]))).rejects.toMatchObject({
      code: "SESSION_DISPOSED",
    });
    const { loss } = await session.run({ ...start(), ...descentFeeds([1, 1]) });
    expect(loss).toEqual(scalar(3));
  });
}
