import { describe, expect, test } from "vitest";
import type { Tensor, Tensors } from "../../graph/tensor.ts";
import { f32, scalar, sizeOf } from "../../graph/tensor.ts";
import { seededRng } from "../../platform/random.ts";
import { datasetFile, datasetFiles, hasDatasets } from "../../testing/node/dataset-file.ts";
import { grayPng } from "../../testing/node/gray-png.ts";
import { affineModel } from "../../testing/session-models.ts";
import type { Session } from "../session.ts";
import { openSession } from "./open.ts";
import { openInWorker } from "./open-in-worker.ts";
import { litertEngine, tfliteEngine } from "./tflite-engines.ts";

test("a package that is not there is named, with the line that installs it", async () => {
  const missing = (): Promise<never> => Promise.reject(new Error("Cannot find module"));
  await expect(litertEngine(missing)).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("`npm install --ignore-scripts @litertjs/core@2.5.3`"),
  });
  await expect(tfliteEngine(missing)).rejects.toMatchObject({
    code: "BACKEND_UNAVAILABLE",
    message: expect.stringContaining("@tensorflow/tfjs-tflite@0.0.1-alpha.10"),
  });
});

const int8 = (data: Int8Array, shape: readonly number[]): Tensor => ({
  dtype: "int8",
  shape,
  data,
});
const only = async (session: Session, x: Tensor): Promise<Tensor> => {
  const results = await session.run({ [session.inputs[0]!.name]: x });
  return results[session.outputs[0]!.name]!;
};
const models = "models/tflm-";

describe.skipIf(!hasDatasets)("real models (skipped without ../shared/datasets)", () => {
  const both = ["litert", "tflite"] as const;

  test.for(both)("hello_world on %s is the sine, in float and in int8", async (backend) => {
    const float = await openSession(datasetFile(`${models}hello_world/hello_world_float.tflite`), {
      backend,
    });
    const small = await openSession(datasetFile(`${models}hello_world/hello_world_int8.tflite`), {
      backend,
    });
    expect(float.inputs[0]).toMatchObject({ dtype: "float32", shape: [1, 1] });
    expect(small.inputs[0]).toMatchObject({ dtype: "int8", shape: [1, 1] });
    for (let x = 0; x < 2 * Math.PI; x += 0.1) {
      const y = await only(float, f32([x], [1, 1]));
      // The network of 33 neurons stays within 0.13 of the sine; its int8 form too.
      expect(Math.abs((y.data[0] as number) - Math.sin(x))).toBeLessThan(0.13);
      // Scales and zero points as in the file.
      const q = Int8Array.of(Math.min(127, Math.round(x / 0.024480115622282028) - 128));
      const { data } = await only(small, int8(q, [1, 1]));
      const real = 0.008290956728160381 * ((data[0] as number) - 5);
      expect(Math.abs(real - Math.sin(x))).toBeLessThan(0.13);
    }
    await float.dispose();
    await small.dispose();
  });

  test("both engines give the same integers for micro_speech", async () => {
    const file = datasetFile(`${models}micro_speech/models/micro_speech_quantized.tflite`);
    const [litert, tflite] = [
      await openInWorker(file, { backend: "litert" }),
      await openInWorker(file, { backend: "tflite" }),
    ];
    const rng = seededRng(5);
    for (let clip = 0; clip < 20; clip += 1) {
      const x = int8(
        Int8Array.from({ length: 1960 }, () => Math.floor(256 * rng()) - 128),
        [1, 1960],
      );
      expect(await only(litert, x)).toEqual(await only(tflite, x));
    }
    await litert.dispose();
    await tflite.dispose();
  });

  test("an LSTM reads its sample digits on tflite, and is refused on litert", async () => {
    const file = datasetFile(`${models}mnist_lstm/trained_lstm.tflite`);
    const read: number[] = [];
    for (let digit = 0; digit < 10; digit += 1) {
      const pixels = grayPng(datasetFile(`${models}mnist_lstm/samples/sample${digit}.png`));
      const x = f32(
        Float32Array.from(pixels, (gray) => gray / 255),
        [1, 28, 28],
      );
      // The file's state goes on from run to run: another sequence is another session.
      const session = await openSession(file, { backend: "tflite" });
      const scores = [...(await only(session, x)).data] as number[];
      await session.dispose();
      read.push(scores.indexOf(Math.max(...scores)));
    }
    expect(read).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    await expect(openSession(file, { backend: "litert" })).rejects.toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringContaining("open the model on the backend tflite"),
    });
  });

  test("the forty models of seanet give their golden integers on tflite, bit for bit", async () => {
    const folders = ["add", "leaky_relu"].map((name) => `${models}seanet-ops/${name}`);
    let checked = 0;
    for (const folder of folders) {
      const values = (name: string): Int16Array =>
        Int16Array.from(
          new TextDecoder().decode(datasetFile(`${folder}/${name}`)).split(","),
          Number,
        );
      for (const file of datasetFiles(folder).filter((name) => name.endsWith(".tflite"))) {
        const stem = file.replace(".tflite", "");
        const session = await openSession(datasetFile(`${folder}/${file}`), { backend: "tflite" });
        const feeds: Tensors = Object.fromEntries(
          session.inputs.map(({ name, shape }, index) => [
            name,
            {
              dtype: "int16",
              shape: shape as readonly number[],
              data: values(`${stem}_input${index}_int16.csv`),
            },
          ]),
        );
        const [y] = Object.values(await session.run(feeds));
        expect(y?.data, file).toEqual(values(`${stem}_golden_int16.csv`));
        expect(y?.data.length).toBe(sizeOf(y?.shape ?? []));
        checked += 1;
        await session.dispose();
      }
    }
    expect(checked).toBe(40);
  });

  // Its history is 24 steps deep: what came before must not matter, what came within must.
  test.for(both)("a streaming model on %s keeps its history from run to run", async (backend) => {
    const file = datasetFile("models/esphome-mww/vad.tflite");
    const frame = (step: number): Tensor => {
      const data = Int8Array.from({ length: 120 }, (_, at) => {
        const distance = (at % 40) - 8 - 3 * Math.sin((3 * step + Math.floor(at / 40)) / 9);
        return Math.round(255 * Math.exp(-(distance ** 2) / 20) - 128);
      });
      return int8(data, [1, 3, 40]);
    };
    const last = async (from: number): Promise<readonly unknown[]> => {
      const session = await openSession(file, { backend });
      const outputs: unknown[] = [];
      for (let step = from; step < 50; step += 1)
        outputs.push((await only(session, frame(step))).data[0]);
      await session.dispose();
      return outputs.slice(-3);
    };
    expect(await last(0)).toEqual(await last(20));
    expect(await last(47)).not.toEqual(await last(20));
  });

  test("a detector whose file states wrong sizes runs on tflite with the right ones, and is refused on litert", async () => {
    const folder = "models/ultraface-slim320/tflite/pretrained";
    const file = datasetFile(`${folder}/version-slim-320_without_postprocessing.tflite`);
    await expect(openSession(file, { backend: "litert" })).rejects.toMatchObject({
      code: "MODEL_UNSUPPORTED",
      message: expect.stringMatching(/sizes of output Identity in the file; .* backend tflite$/),
    });
    const session = await openSession(file, { backend: "tflite" });
    const image = f32(new Float32Array(240 * 320 * 3), [1, 240, 320, 3]);
    const results = await session.run({ input_1: image });
    expect(results["Identity"]?.shape).toEqual([1, 4420, 4]);
    expect(results["Identity_1"]?.data).toHaveLength(4420 * 2);
    await session.dispose();
  });

  test("operators of TensorFlow Lite Micro alone are refused by name", async () => {
    const file = datasetFile(`${models}micro_speech/models/audio_preprocessor_int8.tflite`);
    for (const backend of both) {
      await expect(openSession(file, { backend })).rejects.toMatchObject({
        code: "MODEL_UNSUPPORTED",
        message: expect.stringContaining("has no operator SignalWindow"),
      });
    }
  });
});

test.for(["litert", "tflite"] as const)(
  "a graph runs on %s in a worker thread",
  async (backend) => {
    const session = await openInWorker(affineModel(2), { backend });
    const loop = await session.loop({
      carry: [["y", "x"]],
      initial: { x: f32([1, 2, 3, 4], [2, 2]) },
    });
    expect(await loop.step({})).toEqual({ s: scalar(24) });
    expect(await loop.read()).toEqual({ x: f32([3, 5, 7, 9], [2, 2]) });
    await session.dispose();
    await expect(loop.step({})).rejects.toMatchObject({ code: "SESSION_DISPOSED" });
  },
);
