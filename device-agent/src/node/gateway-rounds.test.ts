import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { CoordinatorNotice } from "@edgeloop/cloud-sync";
import { roundPlant, toyClasses, toyData, toyLine, toyShape } from "@edgeloop/cloud-sync/testing";
import type { Samples } from "@edgeloop/core/data";
import { connectAsync } from "mqtt";
import { expect, onTestFinished, test } from "vitest";
import { parseGatewayConfig, sensorInfo } from "../config.ts";
import { adapterOpeners } from "./adapters.ts";
import type { Gateway } from "./gateway.ts";
import { runGateway } from "./gateway.ts";

const windowUs = 1_000_000;
const width = toyShape[0] * toyShape[1];
const settings = `
loop: { rounds: 2, cohortMin: 1 }
training: { epochs: 3, batchSize: 16, learningRate: 0.05 }
rollout: { stages: [1] }
`;

function temporary(): string {
  const path = mkdtempSync(join(tmpdir(), "rounds-"));
  onTestFinished(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A sensor that yields what is pushed. */
function pushed() {
  const packets: Samples[] = [];
  let wake = (): void => undefined;
  return {
    push(packet: Samples) {
      packets.push(packet);
      wake();
    },
    async *samples({ signal }: { readonly signal: AbortSignal }) {
      signal.addEventListener("abort", () => wake());
      while (!signal.aborted) {
        const next = packets.shift();
        if (next !== undefined) yield next;
        else await new Promise<void>((resolve) => (wake = resolve));
      }
    },
  };
}

/** Resolves at the first notice that fits. */
function notices() {
  const waiters = new Set<(notice: CoordinatorNotice) => void>();
  return {
    onNotice: (notice: CoordinatorNotice) => {
      for (const waiter of waiters) waiter(notice);
    },
    until: (stream: RegExp, kind: string): Promise<void> =>
      new Promise((resolve) => {
        waiters.add((notice) => {
          if (stream.test(notice.stream) && notice.kind === kind) resolve();
        });
      }),
  };
}

async function label(gateway: Gateway, messages: readonly object[]): Promise<void> {
  const client = await connectAsync(gateway.brokerUrl);
  const topic = "edgeloop/v1/plant/devices/pump-1/labels";
  for (const message of messages) {
    await client.publishAsync(topic, JSON.stringify(message), { qos: 1 });
  }
  await client.endAsync();
}

test("a gateway enrols, installs, learns from its own windows, and serves what was learned", async () => {
  const directory = temporary();
  const plant = await roundPlant(join(directory, "coordinator"), settings);
  const { onNotice, until } = notices();
  const running = await plant.start({ onNotice });
  onTestFinished(() => running.stop());
  const { token } = (await running.admin("POST", "/v1/admin/tokens", { lifetimeS: 60 })) as {
    readonly token: string;
  };
  writeFileSync(join(directory, "token"), token);

  const config = parseGatewayConfig(
    JSON.stringify({
      format: 1,
      id: "pump-1",
      fleet: "plant",
      line: toyLine,
      dataDirectory: join(directory, "gateway"),
      broker: { embedded: { port: 0 } },
      http: { port: 0 },
      inference: { backend: "wasm" },
      coordinator: {
        ...running.addresses,
        adminUrl: undefined,
        tokenFile: join(directory, "token"),
      },
      sensors: [
        {
          kind: "replay",
          sensor: "toy",
          rateHz: 4,
          recording: "none",
          channels: ["load", "swing"].map((name) => ({ name, unit: "1" })),
        },
      ],
    }),
    "gateway.yaml",
  );
  const sensor = pushed();
  const stop = new AbortController();
  const installedFirst = until(/^rollout\/toys-v1$/, "done");
  const gateway = await runGateway(config, {
    signal: stop.signal,
    openers: {
      ...adapterOpeners,
      replay: (its) => ({ info: sensorInfo(its), samples: (run) => sensor.samples(run) }),
    },
  });
  onTestFinished(async () => {
    stop.abort();
    await gateway.done;
  });

  // Windows arrive from the first installation on; a trial needs them.
  const data = toyData(7, 60);
  while (gateway.health().model === undefined) await new Promise((next) => setImmediate(next));
  for (let index = 0; index < 60; index += 1) {
    const rows = data.windows.slice(index * width, (index + 1) * width);
    sensor.push({ sensor: "toy", startUs: index * windowUs, periodUs: 250_000, data: rows });
  }
  await installedFirst;
  expect(gateway.health()).toMatchObject({
    coordinator: "connected",
    model: { version: 1, state: "confirmed" },
  });

  const done = until(/^rollout\/toys-v2$/, "done");
  const range = { startUs: 0, endUs: 60 * windowUs };
  await running.admin("POST", "/v1/admin/campaigns", range);
  // Labels come late: the offer waits for them.
  await label(gateway, [
    ...data.targets.map((target, index) => ({
      sensor: "toy",
      startUs: index * windowUs,
      endUs: (index + 1) * windowUs,
      label: toyClasses[target],
      by: "anna",
    })),
    { sensor: "toy", completeUntilUs: range.endUs },
  ]);
  // The trial of the second version needs windows too.
  const feeding = setInterval(() => {
    const next = gateway.health().sensorUs;
    sensor.push({
      sensor: "toy",
      startUs: next,
      periodUs: 250_000,
      data: data.windows.slice(0, width),
    });
  }, 20);
  onTestFinished(() => clearInterval(feeding));
  await done;
  expect(gateway.health()).toMatchObject({ model: { version: 2, state: "confirmed" } });
  const status = (await running.admin("GET", "/v1/admin/status")) as {
    readonly rounds: readonly {
      readonly kind: string;
      readonly details: { readonly figures?: unknown };
    }[];
  };
  expect(status.rounds).toMatchObject([{ kind: "released" }, { kind: "released" }]);
  expect(status.rounds[1]?.details.figures).toMatchObject({
    candidate: { macroF1: expect.any(Number) },
  });
}, 90_000);
