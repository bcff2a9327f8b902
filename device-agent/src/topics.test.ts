import { expect, test } from "vitest";
import { localTopics } from "./topics.ts";

test("every topic lies below the gateway's own id", () => {
  const topics = localTopics({ fleet: "plant", id: "pump-1" });
  const all = [topics.labels, topics.events, topics.inference("pumps")];
  for (const topic of all) expect(topic.startsWith("edgeloop/v1/plant/devices/pump-1/")).toBe(true);
  expect(new Set(all).size).toBe(3);
});
