import { EventEmitter } from "node:events";
import { expect, test } from "vitest";
import { nodeEndpoint } from "./comlink-endpoint.ts";

test("listeners hear messages as events until they are removed, in both forms", () => {
  const port = new EventEmitter();
  const endpoint = nodeEndpoint(port, () => undefined);
  const heard: unknown[] = [];
  const asFunction = ({ data }: { readonly data?: unknown }): void => void heard.push(data);
  const asObject = { handleEvent: asFunction };
  endpoint.addEventListener("message", asFunction as EventListener);
  endpoint.addEventListener("message", asObject as EventListenerObject);
  port.emit("message", 1);
  endpoint.removeEventListener("message", asFunction as EventListener);
  port.emit("message", 2);
  endpoint.removeEventListener("message", asObject as EventListenerObject);
  port.emit("message", 3);
  expect(heard).toEqual([1, 1, 2]);
});

type EventListener = Parameters<ReturnType<typeof nodeEndpoint>["addEventListener"]>[1];
type EventListenerObject = Extract<EventListener, { handleEvent: unknown }>;

test("what is posted is what the port sends", () => {
  const sent: unknown[] = [];
  nodeEndpoint(new EventEmitter(), (message) => sent.push(message)).postMessage({ id: 1 });
  expect(sent).toEqual([{ id: 1 }]);
});
