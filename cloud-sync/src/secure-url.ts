import { EdgeloopError } from "@edgeloop/core/platform";

const secure = new Set(["https:", "mqtts:", "wss:"]);
const plain = new Set(["http:", "mqtt:", "ws:"]);
const loopback = /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])$/;

/**
 * Reads the address of a coordinator or broker; plain text is refused except on loopback.
 *
 * @throws `CONNECTION_INSECURE` on plain HTTP, MQTT or WebSocket to another machine, and on anything that is no such address.
 * @example
 * parseSecureUrl("http://127.0.0.1:8080").port; // => "8080"
 */
export function parseSecureUrl(text: string): URL {
  const url = URL.parse(text);
  if (url && secure.has(url.protocol)) return url;
  if (url && plain.has(url.protocol) && loopback.test(url.hostname)) return url;
  throw new EdgeloopError(
    "CONNECTION_INSECURE",
    "expected https, mqtts or wss; http, mqtt and ws are for loopback only",
    { details: { url: text.slice(0, 256) } },
  );
}
