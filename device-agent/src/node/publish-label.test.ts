import { fromUtf8, silentLog } from "@edgeloop/core/platform";
import { expect, onTestFinished, test } from "vitest";
import type { LabelMessage } from "../label-message.ts";
import { parseLabelMessage } from "../label-message.ts";
import { openEmbeddedBroker } from "./embedded-broker.ts";
import { publishLabel } from "./publish-label.ts";

const message: LabelMessage = {
  kind: "label",
  sensor: "vibration",
  startUs: 0,
  endUs: 1000,
  label: "bearing",
  by: "anna",
};

async function setUp() {
  const taken: LabelMessage[] = [];
  const broker = await openEmbeddedBroker({
    host: "127.0.0.1",
    port: 0,
    labels: {
      topic: "edgeloop/v1/plant/devices/pump-1/labels",
      take: (payload) => {
        expect(fromUtf8(payload)).not.toContain("kind");
        taken.push(parseLabelMessage(payload));
        return Promise.resolve();
      },
    },
    log: silentLog,
  });
  onTestFinished(() => broker.close());
  return { taken, place: { url: broker.url, fleet: "plant", id: "pump-1" } };
}

test.for([message, { kind: "complete", sensor: "vibration", completeUntilUs: 9 } as const])(
  "a $kind message arrives as it was meant, and the gateway has it when the call returns",
  async (sent) => {
    const { place, taken } = await setUp();
    await publishLabel({ ...place, message: sent });
    expect(taken).toEqual([sent]);
  },
);

test("a label that no gateway would take is not sent", async () => {
  const { place, taken } = await setUp();
  await expect(
    publishLabel({ ...place, message: { ...message, endUs: -1 } }),
  ).rejects.toMatchObject({ code: "LABEL_INVALID" });
  expect(taken).toEqual([]);
});
