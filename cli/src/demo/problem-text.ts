import { demoDefaults } from "./settings.ts";

/** New labels of one gateway after which learning pays: more than a minute's, so that drift speaks first. */
const labelsPerGateway = 5000 / 6;

/** How many gateways must agree: two of three, so that the loop goes on while one is down. */
export const quorumOf = (gateways: number): number => Math.ceil((2 * gateways) / 3);

/** The problem of a plant with so many pumps: what `edgeloop.yaml` says in the demo. */
export const pumpProblemOf = (
  gateways: number,
): string => `# What a pump's vibration says about its condition.
format: 1
name: pumps
task: classification
sensor:
  name: vibration
  rateHz: 1000
  channels:
    - { name: x, unit: m/s2 }
    - { name: y, unit: m/s2 }
    - { name: z, unit: m/s2 }
# Five turns of the shaft; a window every packet of the sensor.
window: { lengthSamples: 200, hopSamples: 100 }
classes: [normal, imbalance, bearing, looseness]
objective: { metric: macro-f1, atLeast: 0.95 }
constraints: { bundleBytesMax: 262144, latencyMsP99Max: 25 }
slices: [pump]
features:
  - { kind: remove-mean }
model:
  kind: cnn
  norm: group
  positions: 4
  layers:
    - { filters: 16, kernel: 9, stride: 2 }
    - { filters: 24, kernel: 7, stride: 2 }
    - { filters: 32, kernel: 5, stride: 2 }
training:
  epochs: 8
  batchSize: 32
  learningRate: 0.004
  weightDecay: 0.01
  labelSmoothing: 0
  seed: 1
  augment: { rotateDegrees: 25, scale: 0.15, jitter: 0.02, flip: false }
# When to learn again, in seconds of sensor time; the coordinator reads it.
loop:
  retrain:
    drift: { devicesMin: ${quorumOf(gateways)} }
    objective: { devicesMin: ${quorumOf(gateways)} }
    labels: { countMin: ${Math.ceil(labelsPerGateway * gateways)} }
  coolDownS: 300
  range: { beforeS: 1, afterS: 38 }
  approve: automatic
  rounds: 4
  release: last
  cohortMin: ${quorumOf(gateways)}
`;

/** The problem of the plant that the demo has by default. */
export const pumpProblem: string = pumpProblemOf(demoDefaults.gateways);
