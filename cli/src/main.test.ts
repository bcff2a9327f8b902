import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { encodeOnnx, graphBuilder } from "@edgeloop/core/graph";
import { expect, test } from "vitest";
import { commands } from "./commands.ts";
import { temporary } from "./testing.ts";
import { treeJson } from "./tree.ts";

const main = fileURLToPath(new URL("./main.ts", import.meta.url));

function edgeloop(...words: readonly string[]) {
  const args = ["--conditions=@edgeloop/source", main, ...words];
  const { status, stdout, stderr } = spawnSync(process.execPath, args, { encoding: "utf8" });
  return { status, stdout, stderr };
}

test("--help --json is the tree and nothing else", () => {
  const { status, stdout } = edgeloop("--help", "--json");
  expect([status, JSON.parse(stdout)]).toEqual([0, JSON.parse(JSON.stringify(treeJson(commands)))]);
});

test("with --json standard output holds one object", () => {
  const b = graphBuilder("g");
  b.input({ name: "x", dtype: "float32", shape: [1] });
  b.add("Relu", ["x"], { outputs: ["y"] });
  b.output({ name: "y", dtype: "float32", shape: [1] });
  const path = join(temporary(), "m.onnx");
  writeFileSync(path, encodeOnnx(b.build()));
  const { status, stdout, stderr } = edgeloop("model", "inspect", path, "--json");
  expect(status).toBe(0);
  expect(JSON.parse(stdout)).toMatchObject({ format: 1, name: "g" });
  expect(stderr).toContain("Relu");
});

test("a problem with the input ends with 1 and says what is wrong on standard error", () => {
  const { status, stdout, stderr } = edgeloop("model", "inspect", "/none.onnx", "--json");
  expect([status, stdout]).toEqual([1, ""]);
  expect(stderr).toMatch(
    /^edgeloop: FILE_MISSING: \/none\.onnx: expected an \.onnx or \.tflite file/,
  );
});

test.for([["unknown"], ["model"], ["model", "inspect"], ["model", "inspect", "a", "--no-such"]])(
  "wrong usage ends with 2: %j",
  (words) => {
    const { status, stdout } = edgeloop(...words);
    expect([status, stdout]).toEqual([2, ""]);
  },
);

test("Ctrl-C, which comes twice where a launcher passes it on, ends a command in order", async () => {
  const to = join(temporary(), "recording");
  const words = ["data", "record", "--to", to, "--topic", "t", "--channels", "x=m", "--rate", "1"];
  const args = ["--conditions=@edgeloop/source", main, ...words, "--broker", "mqtt://127.0.0.1:1"];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  child.kill("SIGINT");
  child.kill("SIGINT");
  child.kill("SIGTERM");
  const [code] = await once(child, "exit");
  expect(code).toBe(0);
  expect(readdirSync(to).toSorted()).toEqual(["labels.parquet", "recording.json"]);
});
