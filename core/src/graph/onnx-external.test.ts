import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { difference, runGraph } from "../../../test/run-graph.ts";
import { codeOf } from "../platform/errors.ts";
import { onnxExternalBytesMax } from "../platform/limits.ts";
import {
  boundedExternal,
  externalFrom,
  externalLocations,
  externalRange,
} from "./onnx-external.ts";
import { onnxFields } from "./onnx-fields.ts";
import { decodeOnnx } from "./onnx-read.ts";
import { readMessage } from "./protobuf-reader.ts";
import type { MessageWriter } from "./protobuf-writer.ts";
import { messageWriter } from "./protobuf-writer.ts";
import { f32 } from "./tensor.ts";

const fixture = (name: string): Uint8Array =>
  new Uint8Array(readFileSync(new URL(`../../../test/fixtures/graph/${name}`, import.meta.url)));

const codeOfCall = (call: () => unknown): string => {
  try {
    call();
    return "";
  } catch (error) {
    return codeOf(error);
  }
};

// Hand computation: ones times [[0..3], [4..7], [8..11]] / 8, plus [1, 2, 3, 4].
test("weights beside a model of IR version 3 are read, and become part of what is written", async () => {
  const external = externalFrom(new Map([["external.bin", fixture("external.bin")]]));
  const graph = decodeOnnx(fixture("external.onnx"), { external });
  const { y } = await runGraph(graph, { x: f32([1, 1, 1], [1, 3]) });
  expect(difference(y, f32([2.5, 3.875, 5.25, 6.625], [1, 4]))).toBe(0);
});

test("without a reader they are refused by name", () => {
  expect(codeOfCall(() => decodeOnnx(fixture("external.onnx")))).toBe("ONNX_UNSUPPORTED");
  expect(() => decodeOnnx(fixture("external.onnx"))).toThrow('"external.bin"');
});

test.for(["missing", "short"])("a file that is %s is refused", (kind) => {
  const files = new Map([["external.bin", fixture("external.bin").subarray(0, 100)]]);
  const external = externalFrom(kind === "missing" ? new Map() : files);
  expect(codeOfCall(() => decodeOnnx(fixture("external.onnx"), { external }))).toBe(
    "ONNX_EXTERNAL_INVALID",
  );
});

function tensorOf(entries: Readonly<Record<string, string>>) {
  const writer = messageWriter();
  for (const [key, value] of Object.entries(entries)) {
    writer.message(onnxFields.tensor.external, (entry) => {
      entry.text(onnxFields.entry.key, key);
      entry.text(onnxFields.entry.value, value);
    });
  }
  return readMessage(writer.finish());
}

test.for([
  "",
  "/etc/passwd",
  "../weights.bin",
  "a/../../weights.bin",
  "a/./b",
  "a//b",
  "a/",
  "..",
  "..\\weights.bin",
  "C:/weights.bin",
  "C:weights.bin",
  "file:weights.bin",
  "weights.bin\0.txt",
  "x".repeat(2000),
])("%j is no place of external data", (location) => {
  const tensor = tensorOf({ location });
  expect(codeOfCall(() => externalRange(tensor, 4))).toBe("ONNX_EXTERNAL_INVALID");
});

test.for([
  { offset: "-1" },
  { offset: "1e3" },
  { offset: "9".repeat(16) },
  { length: "3" },
  { length: "0x4" },
])("%j is no range of four bytes", (numbers) => {
  const tensor = tensorOf({ location: "w.bin", ...numbers });
  expect(codeOfCall(() => externalRange(tensor, 4))).toBe("ONNX_EXTERNAL_INVALID");
});

test("names below the folder, with folders, dots and spaces, are fine", () => {
  for (const location of ["w.bin", "part 1/w.bin", "..w", "a/...", "größe.bin"]) {
    expect(externalRange(tensorOf({ location }), 4)).toEqual({
      location,
      offsetBytes: 0,
      lengthBytes: 4,
    });
  }
});

test("a reader that gives other bytes than asked for, or too many in all, is not believed", () => {
  const range = { location: "w", offsetBytes: 0, lengthBytes: 4 };
  expect(codeOfCall(() => boundedExternal(() => new Uint8Array(3))(range))).toBe(
    "ONNX_EXTERNAL_INVALID",
  );
  const huge = { ...range, lengthBytes: onnxExternalBytesMax };
  const read = boundedExternal(() => ({ length: huge.lengthBytes }) as Uint8Array);
  read(huge);
  expect(codeOfCall(() => read(range))).toBe("ONNX_EXTERNAL_INVALID");
});

test("the files of a model are listed before it is read, those of its bodies too", () => {
  expect(externalLocations(fixture("external.onnx"))).toEqual(["external.bin"]);
  expect(externalLocations(fixture("control-flow.onnx"))).toEqual([]);
  const fields = onnxFields;
  const constant = (location: string) => (attribute: MessageWriter) => {
    attribute.message(fields.attribute.tensor, (tensor) =>
      tensor.message(fields.tensor.external, (entry) => {
        entry.text(fields.entry.key, "location");
        entry.text(fields.entry.value, location);
      }),
    );
  };
  const modelWith = (location: string): Uint8Array => {
    const writer = messageWriter();
    writer.message(fields.model.graph, (graph) =>
      graph.message(fields.graph.nodes, (node) =>
        node.message(fields.node.attributes, (attribute) =>
          attribute.message(fields.attribute.graph, (body) =>
            body.message(fields.graph.nodes, (inner) =>
              inner.message(fields.node.attributes, constant(location)),
            ),
          ),
        ),
      ),
    );
    return writer.finish();
  };
  expect(externalLocations(modelWith("w/1.bin"))).toEqual(["w/1.bin"]);
  expect(codeOfCall(() => externalLocations(modelWith("../1.bin")))).toBe("ONNX_EXTERNAL_INVALID");
});
