import type { Project } from "./project.ts";
import { channelLines, quoted, windowOf } from "./project.ts";

/** Ports of a new project, all on loopback. */
const ports = {
  /** The gateway's broker: where MQTT clients look first. */
  broker: 1883,
  health: 8470,
  coordinator: 8480,
  coordinatorBroker: 8481,
  operator: 8482,
} as const;

/** Writes the `edgeloop.yaml` of a new project. */
export function problemFile({ name, sensor, channels, rateHz, classes }: Project): string {
  const { lengthSamples, hopSamples } = windowOf(rateHz);
  return `# The problem: what is to be told apart, how well, and within which limits.
format: 1
name: ${name}
task: classification
sensor:
  name: ${sensor}
  rateHz: ${rateHz}
  channels:
${channelLines(channels, "    ")}
# A window is what the model looks at; a new one begins every hopSamples.
window: { lengthSamples: ${lengthSamples}, hopSamples: ${hopSamples} }
classes: [${classes.map(quoted).join(", ")}]
# A model below this is not released.
objective: { metric: macro-f1, atLeast: 0.8 }
constraints: { bundleBytesMax: 262144, latencyMsP99Max: 50 }
# Attributes of the recordings by which results are compared.
slices: [take]
# Preprocessing, in order, for instance { kind: remove-mean } where the level says nothing.
features: []
model:
  kind: cnn
  norm: group
  positions: 4
  layers:
    - { filters: 16, kernel: 7, stride: 2 }
    - { filters: 24, kernel: 5, stride: 2 }
    - { filters: 32, kernel: 5, stride: 2 }
training:
  epochs: 30
  batchSize: 32
  learningRate: 0.003
  weightDecay: 0.01
  labelSmoothing: 0
  seed: 1
  augment: { rotateDegrees: 0, scale: 0.1, jitter: 0.02, flip: false }
# When a fleet learns again, in seconds of sensor time; its coordinator reads it. Other reasons to retrain:
# objective: { devicesMin: 1 }, with an objective in gateway.yaml. approve: operator waits for edgeloop fleet approve.
loop:
  retrain:
    drift: { devicesMin: 1 }
    labels: { countMin: 200 }
  coolDownS: 3600
  range: { beforeS: 60, afterS: 600 }
  approve: automatic
  rounds: 3
  cohortMin: 1
`;
}

/** Writes the `gateway.yaml` of a new project. */
export const gatewayFile = (project: Project): string =>
  `# A gateway: where its sensors are, and what it does with them.
format: 1
id: ${project.gateway}
fleet: ${project.fleet}
line: ${project.name}
dataDirectory: data/${project.gateway}
# The gateway's own MQTT broker; { url: mqtts://… } is another one.
broker: { embedded: { port: ${ports.broker} } }
http: { port: ${ports.health} }
sensors:
  - kind: mqtt
    sensor: ${project.sensor}
    topic: ${quoted(project.topic)}
    rateHz: ${project.rateHz}
    channels:
${channelLines(project.channels, "      ")}
    # A message is { ${quoted(pathOf(project.channels[0]?.name ?? ""))}: 0.1, … }, or lists of equally many values: a packet.
    format: { kind: json, values: [${project.channels.map(({ name }) => quoted(pathOf(name))).join(", ")}] }
# With a coordinator (edgeloop fleet enrol prints the token):
# coordinator:
#   url: http://127.0.0.1:${ports.coordinator}
#   mqttUrl: mqtt://127.0.0.1:${ports.coordinatorBroker}
#   tokenFile: enrolment.token
`;

/** A channel's name is a path in the message only where it holds nothing that splits paths. */
const pathOf = (name: string): string => name.replaceAll(/[^\w-]/g, "_");

/** Where the operator's token of a new project lies. */
export const operatorTokenFile = "keys/operator.token";

/** Writes the `coordinator.yaml` of a new project. */
export const coordinatorFile = ({ fleet, name }: Project): string =>
  `# A coordinator: it releases models, and lets gateways learn together.
# Before it starts:
#   edgeloop keys init --role offline --out keys     (where nobody else comes)
#   edgeloop keys init --role online --out keys
#   edgeloop release edgeloop.yaml --data recordings --group-by take \\
#     --key keys/offline.json --online-key keys/online.pub.json --output release-1
format: 1
fleet: ${fleet}
line: ${name}
data: data/coordinator
registry: data/registry
releases: [release-1]
key: keys/online.json
# Plain text is for this machine alone; from elsewhere: tls and publicUrl.
http: { port: ${ports.coordinator} }
mqtt: { port: ${ports.coordinatorBroker} }
admin: { port: ${ports.operator}, tokenFile: ${operatorTokenFile} }
# Whose policy (loop:) says when to learn again; a loop: here instead would be this coordinator's own.
problem: edgeloop.yaml
`;
