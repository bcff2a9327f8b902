import type { Command } from "./command.ts";
import { modelCommands } from "./model/commands.ts";

/** The command line, all of it: one row a command. */
export const commands: readonly Command[] = [
  {
    words: ["demo"],
    summary: "run the whole loop on this machine: a plant with pumps, from sensors to recovery",
    args: [],
    options: [
      { flags: "--seed <n>", summary: "decides the plant", fallback: "1" },
      { flags: "--gateways <n>", summary: "pumps, each with its gateway", fallback: "6" },
      { flags: "--stay", summary: "keep the fleet running until it is interrupted" },
      { flags: "-o, --output <dir>", summary: "where everything goes", fallback: "edgeloop-demo" },
      {
        flags: "--recordings <dir>",
        summary: "instead of pumps: replay recordings of people or machines",
      },
      {
        flags: "--where <name=value>...",
        summary: "attributes of the recordings; may be repeated",
      },
      {
        flags: "--laboratory-where <name=value>...",
        summary: "attributes of the laboratory's recordings, where it has other devices",
      },
      {
        flags: "--group-by <attribute>",
        summary: "tells people or machines apart; each becomes a gateway, or is held out",
      },
      {
        flags: "--problem <file>",
        summary: "an edgeloop.yaml; derived from the recordings if absent",
      },
      { flags: "--folds <n>", summary: "parts that people are split into; 5 when absent" },
      { flags: "--rounds <n>", summary: "federated rounds on recordings; 10 or 12 when absent" },
      { flags: "--backend <name>", summary: "on recordings: auto, native or wasm" },
    ],
    load: () => import("./commands/demo.ts"),
  },
  {
    words: ["init"],
    summary: "write an edgeloop.yaml, a gateway.yaml, a coordinator.yaml and their JSON Schemas",
    args: [{ name: "directory", summary: "where to; here when absent", optional: true }],
    options: [
      {
        flags: "--name <name>",
        summary: "the problem, and its line of models",
        fallback: "machine-state",
      },
      { flags: "--sensor <name>", summary: "the sensor's name", fallback: "vibration" },
      {
        flags: "--topic <topic>",
        summary: "where the sensor publishes",
        fallback: "machine/vibration",
      },
      {
        flags: "--channels <list>",
        summary: "its channels and their SI units",
        fallback: "x=m/s2,y=m/s2,z=m/s2",
      },
      { flags: "--rate <hz>", summary: "its samples a second", fallback: "100" },
      { flags: "--classes <list>", summary: "what is to be told apart", fallback: "normal,fault" },
      { flags: "--gateway <name>", summary: "the gateway's name", fallback: "gateway-1" },
      { flags: "--fleet <name>", summary: "the fleet's name", fallback: "plant" },
    ],
    load: () => import("./commands/init.ts"),
  },
  {
    words: ["data", "import"],
    summary: "turn CSV files into recordings",
    args: [{ name: "from", summary: "a folder of CSV files with a header row, at any depth" }],
    options: [
      { flags: "--to <dir>", summary: "where the recordings go: a new folder", required: true },
      {
        flags: "--channels <list>",
        summary: "columns and their SI units: x=m/s2,y=m/s2",
        required: true,
      },
      { flags: "--rate <hz>", summary: "samples a second to resample to", required: true },
      { flags: "--sensor <name>", summary: "the sensor's name", required: true },
      {
        flags: "--time <column:unit>",
        summary: "column of times; s, ms, us or iso; without it rows are a period apart",
      },
      { flags: "--label <column>", summary: "column of labels" },
      {
        flags: "--path <pattern>",
        summary: "attributes in the path: {subject}/{run}.csv; other files are passed over",
      },
      {
        flags: "--attribute <column>...",
        summary: "column that holds an attribute; may be repeated",
      },
      { flags: "--delimiter <text>", summary: "what stands between cells", fallback: "," },
      { flags: "--origin <text>", summary: "where the data come from, in words" },
    ],
    load: () => import("./commands/data-import.ts"),
  },
  {
    words: ["data", "record"],
    summary: "record a sensor of a gateway.yaml, or an MQTT topic",
    args: [{ name: "config", summary: "a gateway.yaml; without it --topic", optional: true }],
    options: [
      {
        flags: "--to <dir>",
        summary: "where it goes; with labels a recording each below it",
        required: true,
      },
      { flags: "--sensor <name>", summary: "which sensor, where there are several" },
      { flags: "--label <text>...", summary: "what is true meanwhile; may be repeated" },
      {
        flags: "--seconds <n>",
        summary: "length of each recording from its first packet; until Ctrl-C when absent",
      },
      {
        flags: "--pause <n>",
        summary: "seconds between labels, to change what the sensor sees",
        fallback: "5",
      },
      { flags: "--attribute <name=value>...", summary: "what is true of it all: pump=p3" },
      { flags: "--origin <text>", summary: "where the data come from, in words" },
      { flags: "--topic <filter>", summary: "MQTT topic" },
      { flags: "--broker <url>", summary: "its broker; mqtt://127.0.0.1:1883 when absent" },
      { flags: "--channels <list>", summary: "channels and their SI units: x=m/s2,y=m/s2" },
      { flags: "--rate <hz>", summary: "samples a second" },
      {
        flags: "--format <yaml>",
        summary: "how payloads are read; {kind: json, values: [channels]} when absent",
      },
    ],
    load: () => import("./commands/data-record.ts"),
  },
  ...modelCommands,
  {
    words: ["release"],
    summary: "train, quantize and evaluate a problem's model and sign it as a release",
    args: [{ name: "problem", summary: "an edgeloop.yaml" }],
    options: [
      { flags: "--data <dir>", summary: "a folder of recordings with labels", required: true },
      {
        flags: "--group-by <attribute>",
        summary: "what must not stand on both sides of a split: the machine, the person",
        required: true,
      },
      {
        flags: "--key <file>",
        summary: "the offline key; without keys the package is for gateway run --install",
      },
      { flags: "--online-key <file>", summary: "the online key's public half" },
      { flags: "-o, --output <dir>", summary: "where the signed package goes", required: true },
      {
        flags: "--where <name=value>...",
        summary: "attributes of the recordings; may be repeated",
      },
      { flags: "--line <name>", summary: "the line; the problem's name when absent" },
      { flags: "--release <n>", summary: "version of the release", fallback: "1" },
      {
        flags: "--approve <who>",
        summary: "automatic: rounds may follow it; operator: every release needs the offline key",
        fallback: "automatic",
      },
      { flags: "--previous <dir>", summary: "the package that was signed before this one" },
      { flags: "--backend <name>", summary: "auto, native or wasm", fallback: "auto" },
    ],
    load: () => import("./commands/release.ts"),
  },
  {
    words: ["gateway", "run"],
    summary: "run a gateway: sensors, inference, learning, rounds, updates",
    args: [{ name: "config", summary: "a gateway.yaml" }],
    options: [
      { flags: "--install <dir>", summary: "a release package; without a coordinator only" },
      { flags: "--print", summary: "print the predictions as they are published" },
    ],
    load: () => import("./commands/gateway-run.ts"),
  },
  {
    words: ["gateway", "check"],
    summary: "say what a gateway needs and whether it is there",
    args: [{ name: "config", summary: "a gateway.yaml" }],
    options: [],
    load: () => import("./commands/gateway-check.ts"),
  },
  {
    words: ["gateway", "label"],
    summary: "tell a running gateway what was true",
    args: [{ name: "config", summary: "a gateway.yaml" }],
    options: [
      { flags: "--from <time>", summary: "sensor time: -90s, -5m, ISO 8601 or microseconds" },
      { flags: "--to <time>", summary: "as --from; now is a time too" },
      { flags: "--label <text>", summary: "what was true" },
      { flags: "--complete-until <time>", summary: "instead: labels up to there are complete" },
      { flags: "--sensor <name>", summary: "which sensor, where there are several" },
      { flags: "--by <name>", summary: "who says so", fallback: "operator" },
      { flags: "--broker <url>", summary: "the gateway's broker, where its port is not fixed" },
    ],
    load: () => import("./commands/gateway-label.ts"),
  },
  {
    words: ["coordinator", "run"],
    summary: "run a coordinator: registry, rounds, rollouts",
    args: [{ name: "config", summary: "a coordinator.yaml" }],
    options: [],
    load: () => import("./commands/coordinator-run.ts"),
  },
  {
    words: ["fleet", "enrol"],
    summary: "make a token with which one gateway may enrol, once",
    args: [],
    options: [
      {
        flags: "--coordinator <file>",
        summary: "the coordinator.yaml",
        fallback: "coordinator.yaml",
      },
      { flags: "--lifetime <s>", summary: "seconds until the token expires", fallback: "3600" },
    ],
    load: () => import("./commands/fleet-enrol.ts"),
  },
  {
    words: ["fleet", "status"],
    summary: "show devices, campaigns, rounds and rollouts",
    args: [],
    options: [
      {
        flags: "--coordinator <file>",
        summary: "the coordinator.yaml",
        fallback: "coordinator.yaml",
      },
    ],
    load: () => import("./commands/fleet-status.ts"),
  },
  {
    words: ["fleet", "approve"],
    summary: "let a campaign start that waits for approval, or list those that wait",
    args: [{ name: "campaign", summary: "its name; a list when absent", optional: true }],
    options: [
      {
        flags: "--coordinator <file>",
        summary: "the coordinator.yaml",
        fallback: "coordinator.yaml",
      },
    ],
    load: () => import("./commands/fleet-approve.ts"),
  },
  {
    words: ["keys", "init"],
    summary: "make the offline or the online key",
    args: [],
    options: [
      { flags: "--role <role>", summary: "offline or online", required: true },
      { flags: "--out <dir>", summary: "where the key goes", fallback: "keys" },
    ],
    load: () => import("./commands/keys-init.ts"),
  },
];
