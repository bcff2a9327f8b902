import { parseCoordinatorConfig, parseProblemLoop } from "@edgeloop/cloud-sync";
import { parseName } from "@edgeloop/core/platform";
import { parseGatewayConfig } from "@edgeloop/device-agent";
import { parseProblem } from "@edgeloop/models";
import { expect, test } from "vitest";
import type { Project } from "./project.ts";
import { coordinatorFile, gatewayFile, problemFile } from "./project-files.ts";

const project: Project = {
  name: parseName("pumps"),
  sensor: parseName("vibration"),
  topic: "plant/pump-1",
  channels: [{ name: "x", unit: "m/s2" }],
  rateHz: 100,
  classes: ["normal", "fault"],
  gateway: parseName("gateway-1"),
  fleet: parseName("plant"),
};

test("each file is what its reader takes", () => {
  expect(parseProblem(problemFile(project), "edgeloop.yaml")).toMatchObject({
    name: "pumps",
    classes: ["normal", "fault"],
  });
  expect(parseGatewayConfig(gatewayFile(project), "gateway.yaml")).toMatchObject({
    line: "pumps",
    sensors: [{ topic: "plant/pump-1", format: { values: ["x"] } }],
  });
  expect(parseCoordinatorConfig(coordinatorFile(project), "coordinator.yaml")).toMatchObject({
    line: "pumps",
    fleet: "plant",
    problem: "edgeloop.yaml",
  });
  expect(parseProblemLoop(problemFile(project), "edgeloop.yaml")).toMatchObject({
    retrain: { drift: { devicesMin: 1 }, labels: { countMin: 200 } },
    cohortMin: 1,
  });
});

test("the commented part of the gateway names the coordinator of the project", () => {
  const text = gatewayFile(project).replaceAll(/^# (coordinator:| {2})/gm, "$1");
  const { coordinator } = parseGatewayConfig(text, "gateway.yaml");
  const { http, mqtt } = parseCoordinatorConfig(coordinatorFile(project), "coordinator.yaml");
  expect(coordinator).toMatchObject({
    url: `http://${http.host}:${http.port}`,
    mqttUrl: `mqtt://${mqtt.host}:${mqtt.port}`,
  });
});

test("a channel whose name would be a path is read from a plain field", () => {
  const channels = [{ name: "a.b[0]", unit: "V" }];
  const text = gatewayFile({ ...project, channels });
  expect(parseGatewayConfig(text, "gateway.yaml").sensors[0]).toMatchObject({
    channels,
    format: { values: ["a_b_0_"] },
  });
});
