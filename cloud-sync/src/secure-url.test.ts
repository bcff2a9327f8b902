import { expect, test } from "vitest";

import { parseSecureUrl } from "./secure-url.ts";

test.for([
  "https://fleet.example:8443",
  "mqtts://fleet.example",
  "wss://fleet.example/mqtt",
  "http://127.0.0.1:8080",
  "http://127.8.0.1",
  "mqtt://localhost:1883",
  "ws://[::1]:9001",
])("%s is accepted", (url) => {
  expect(parseSecureUrl(url).href).toContain(new URL(url).host);
});

// The last four look like loopback and are not, or are no address at all.
test.for([
  "http://fleet.example",
  "mqtt://192.168.1.4",
  "ws://10.0.0.1",
  "http://127.0.0.1.example.org",
  "http://localhost.example.org",
  "file:///etc/passwd",
  "fleet.example",
])("%s is refused", (url) => {
  expect(() => parseSecureUrl(url)).toThrow(
    expect.objectContaining({ code: "CONNECTION_INSECURE" }),
  );
});
