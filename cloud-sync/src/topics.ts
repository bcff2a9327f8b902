import type { Name } from "@edgeloop/core/platform";
import { isName } from "@edgeloop/core/platform";

/** What a device publishes or hears at the coordinator's broker. */
export type TopicKind = "state" | "events" | "bell";

/**
 * Names a topic of the coordinator's broker.
 *
 * @example
 * deviceTopic("plant", "pump-1", "bell"); // => "edgeloop/v1/plant/devices/pump-1/bell"
 */
export const deviceTopic = (fleet: Name, device: Name, kind: TopicKind): string =>
  `${devicePrefix(fleet, device)}/${kind}`;

/** Names the subtree of one device. */
export const devicePrefix = (fleet: Name, device: Name): string =>
  `edgeloop/v1/${fleet}/devices/${device}`;

/** Who may connect with an id, and to which subtree it is held. */
export const mqttAudience = (fleet: Name): string => `edgeloop/${fleet}`;

/** Tells whether a device may publish to a topic: its own `state` and `events`. */
export const mayPublish = (fleet: Name, device: Name, topic: string): boolean =>
  topic === deviceTopic(fleet, device, "state") || topic === deviceTopic(fleet, device, "events");

/** Tells whether a device may subscribe to a filter: anything below its own id. */
export const maySubscribe = (fleet: Name, device: Name, filter: string): boolean =>
  filter.startsWith(`${devicePrefix(fleet, device)}/`);

/** Reads the device's name out of a topic of its fleet. */
export function deviceOfTopic(fleet: Name, topic: string): Name | undefined {
  const prefix = `edgeloop/v1/${fleet}/devices/`;
  if (!topic.startsWith(prefix)) return undefined;
  const [device] = topic.slice(prefix.length).split("/");
  return isName(device) ? device : undefined;
}
