import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { linkReceiver } from "./receiver.ts";
import { decodeSamples } from "./sample-payload.ts";
import { linkSender } from "./sender.ts";

type Vector = {
  readonly name: string;
  readonly session: number;
  readonly packets: readonly {
    startUs: number;
    scale: number;
    channels: number;
    steps: number[];
  }[];
  readonly frames: readonly string[];
};

const home = dirname(dirname(fileURLToPath(import.meta.url)));
const vectors: readonly Vector[] = JSON.parse(
  readFileSync(join(home, "../test/fixtures/link/vectors.json"), "utf8"),
);
const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const cases = vectors.map((vector) => [vector.name, vector] as const);

describe("TypeScript", () => {
  test.for(cases)("sends %s", ([, vector]) => {
    const sender = linkSender(vector.session);
    const frames = vector.packets.map((packet) =>
      hex(sender.samples({ ...packet, steps: Int16Array.from(packet.steps) })),
    );
    expect(frames).toEqual(vector.frames);
  });

  test.for(cases)("receives %s", ([, vector]) => {
    const receiver = linkReceiver(() => expect.unreachable());
    const frames = receiver.push(Buffer.from(vector.frames.join(""), "hex"));
    frames.forEach((frame, at) => {
      const { startUs, scale, channels, steps } = vector.packets[at]!;
      const info = {
        sensor: "s",
        rateHz: 1,
        channels: Array.from({ length: channels }, () => ({ name: "x", unit: "V" })),
      };
      expect(decodeSamples(info, frame.payload)).toMatchObject({
        startUs,
        data: Float32Array.from(steps, (step) => step * Math.fround(scale)),
      });
    });
    expect(receiver.counters()).toMatchObject({
      frames: vector.frames.length,
      lost: 0,
      damaged: 0,
    });
  });
});

const compiler = ["cc", "gcc", "clang"].find((name) => spawnSync(name, ["--version"]).status === 0);

describe.skipIf(!compiler)("C99 (skipped without a C compiler)", () => {
  const program = join(mkdtempSync(join(tmpdir(), "edgeloop-link-")), "posix_sender");
  const strict = ["-std=c99", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-O2"];
  const files = ["posix_sender.c", "edgeloop_link.c"].map((name) => join(home, "c", name));

  test("builds without a warning", () => {
    const built = spawnSync(compiler ?? "", [...strict, "-o", program, ...files]);
    expect(built.stderr.toString()).toBe("");
    expect(built.status).toBe(0);
  });

  // The program sends packets of one size, so only vectors of one size run through it.
  const even = cases.filter(
    ([, { packets }]) => new Set(packets.map((p) => p.steps.length)).size === 1,
  );
  const single = vectors.flatMap((vector) =>
    vector.packets
      .slice(0, 1)
      .map((packet) => [vector.name, { ...vector, packets: [packet] }] as const),
  );
  test.for([...even, ...single])("sends %s", ([, { session, packets, frames }]) => {
    const [{ channels, steps, scale } = { channels: 1, steps: [], scale: 1 }] = packets;
    const input = Buffer.concat(
      packets.map((packet) => {
        const bytes = Buffer.alloc(8 + 2 * packet.steps.length);
        bytes.writeBigInt64LE(BigInt(packet.startUs));
        for (const [at, step] of packet.steps.entries()) bytes.writeInt16LE(step, 8 + 2 * at);
        return bytes;
      }),
    );
    const args = [session, steps.length / channels, channels, scale].map(String);
    const sent = spawnSync(program, args, { input });
    expect(sent.stdout.toString("hex")).toBe(frames.slice(0, packets.length).join(""));
  });
});
