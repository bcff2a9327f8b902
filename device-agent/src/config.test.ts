import { codeOf, EdgeloopError } from "@edgeloop/core/platform";
import { expect, test } from "vitest";
import { gatewayConfigJsonSchema, isLoopback, parseGatewayConfig } from "./config.ts";

const good = `format: 1
id: pump-1
fleet: plant
line: pumps
dataDirectory: data
broker:
  embedded:
    host: 127.0.0.1
    port: 1883
http:
  port: 9464
sensors:
  - kind: mqtt
    sensor: vibration
    topic: plant/pump-1/vibration
    rateHz: 1000
    channels:
      - { name: x, unit: m/s2 }
      - { name: y, unit: m/s2 }
    format: { kind: packed, type: int16 }
`;

test("a written file is completed with the defaults", () => {
  const config = parseGatewayConfig(good, "gateway.yaml");
  expect(config.http).toEqual({ host: "127.0.0.1", port: 9464 });
  expect(config.learner).toEqual({ memoryMaxMiB: 512, nice: 19 });
  expect(config.sensors[0]?.channels.map((channel) => channel.name)).toEqual(["x", "y"]);
});

type Case = readonly [change: string, from: string, to: string, line: number, field: string];
const cases: readonly Case[] = [
  ["a word for a number", "rateHz: 1000", "rateHz: fast", 16, "sensors[0].rateHz"],
  ["a name with capitals", "id: pump-1", "id: Pump 1", 2, "id"],
  ["a port too high", "port: 1883", "port: 70000", 9, "broker.embedded.port"],
  [
    "a channel without a unit",
    "{ name: y, unit: m/s2 }",
    "{ name: y }",
    19,
    "sensors[0].channels[1].unit",
  ],
  ["a key that does not exist", "fleet: plant", "fleet: plant\nflet: x", 4, "flet"],
  ["an unknown transport", "kind: mqtt", "kind: carrier-pigeon", 13, "sensors[0].kind"],
  ["a higher format", "format: 1\n", "format: 2\n", 1, "format"],
  ["a payload format that does not exist", "type: int16", "type: int17", 20, "sensors[0].format"],
  ["broken YAML", "id: pump-1", "id: [pump-1", 3, ""],
];

test.for(cases)("%s is refused with file, line and field", ([, from, to, line, field]) => {
  expect(good).toContain(from);
  const read = (): unknown => parseGatewayConfig(good.replace(from, to), "g.yaml");
  expect(read).toThrow(EdgeloopError);
  try {
    read();
  } catch (error) {
    expect(codeOf(error)).toBe("CONFIG_INVALID");
    const { details, message } = error as EdgeloopError;
    expect({ line: details["line"], field: details["field"] }, message).toEqual({ line, field });
    expect(message).toMatch(new RegExp(`^g\\.yaml:${line}: .*expected `));
  }
});

const plain: readonly (readonly [from: string, to: string])[] = [
  ["host: 127.0.0.1", "host: 0.0.0.0"],
  ["http:\n  port: 9464", "http:\n  host: 192.168.1.4\n  port: 9464"],
  [
    "broker:\n  embedded:\n    host: 127.0.0.1\n    port: 1883",
    "broker:\n  url: mqtt://broker.plant:1883",
  ],
  ["topic: plant", "url: ws://broker.plant\n    topic: plant"],
  [
    "fleet: plant",
    "fleet: plant\ncoordinator: { url: http://fleet.example.org, mqttUrl: mqtt://127.0.0.1 }",
  ],
];

test.for(plain)("plain text beyond loopback is refused: %s", ([from, to]) => {
  expect(good).toContain(from);
  const read = (): unknown => parseGatewayConfig(good.replace(from, to), "g.yaml");
  const message = expect.stringMatching(/^g\.yaml:\d+: [\w.[\]]+: plain text stays/);
  expect(read).toThrow(expect.objectContaining({ code: "CONFIG_PLAINTEXT_REFUSED", message }));
});

test("a board behind a socket of another machine is refused, one on this machine or at a device is not", () => {
  const board = (path: string): string =>
    good.replace(
      "kind: mqtt\n    sensor: vibration\n    topic: plant/pump-1/vibration",
      `kind: serial\n    sensor: vibration\n    path: ${path}`,
    );
  const codeFor = (path: string): string => {
    try {
      parseGatewayConfig(board(path), "g.yaml");
      return "taken";
    } catch (error) {
      return codeOf(error);
    }
  };
  expect(codeFor("tcp://10.0.0.4:9000")).toBe("CONFIG_PLAINTEXT_REFUSED");
  expect(codeFor("tcp://127.0.0.1:9000")).toBe("taken");
  expect(codeFor("/dev/ttyUSB0")).toBe("taken");
});

test("encrypted connections may leave the machine, plain ones may stay on it", () => {
  const urls = ["https://fleet.example.org", "http://127.0.0.1:80", "http://[::1]:80"];
  for (const url of urls) {
    const text = good.replace(
      "fleet: plant",
      `fleet: plant\ncoordinator: { url: "${url}", mqttUrl: mqtts://fleet.example.org }`,
    );
    expect(parseGatewayConfig(text, "g.yaml").coordinator?.url).toBe(url);
  }
  expect(isLoopback("127.0.0.1.example.org")).toBe(false);
});

test("a sensor stands once", () => {
  const twice = `${good}${good.slice(good.indexOf("  - kind"))}`;
  expect(() => parseGatewayConfig(twice, "g.yaml")).toThrow(
    expect.objectContaining({ code: "CONFIG_INVALID" }),
  );
});

test("the JSON Schema names every top-level field", () => {
  const schema = gatewayConfigJsonSchema() as { properties: Record<string, unknown> };
  expect(Object.keys(schema.properties)).toContain("sensors");
  expect(schema).toMatchObject({ required: expect.arrayContaining(["id", "fleet", "sensors"]) });
});
