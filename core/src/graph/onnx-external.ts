import { EdgeloopError } from "../platform/errors.ts";
import { onnxDepthMax, onnxExternalBytesMax } from "../platform/limits.ts";
import { onnxFields } from "./onnx-fields.ts";
import type { Message } from "./protobuf-reader.ts";
import { readMessage } from "./protobuf-reader.ts";

/** A part of a file that holds the data of a tensor. */
export type ExternalRange = {
  /** A file below the model's folder: relative, with `/` between names. */
  readonly location: string;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
};

/** Gives exactly the bytes of a range, or throws `ONNX_EXTERNAL_INVALID`. */
export type ExternalReader = (range: ExternalRange) => Uint8Array;

/**
 * Reads external data out of files that are in memory, by location: what a browser has fetched beside a model.
 *
 * @example
 * const read = externalFrom(new Map([["weights.bin", Uint8Array.of(1, 2, 3)]]));
 * read({ location: "weights.bin", offsetBytes: 1, lengthBytes: 2 }); // => Uint8Array.of(2, 3)
 */
export function externalFrom(files: ReadonlyMap<string, Uint8Array>): ExternalReader {
  return (range) => {
    const file = files.get(range.location);
    if (file === undefined) throw externalInvalid("the file is not there", range);
    checkRange(range, file.length);
    return file.subarray(range.offsetBytes, range.offsetBytes + range.lengthBytes);
  };
}

/** Refuses a range that is not inside its file. @throws `ONNX_EXTERNAL_INVALID` */
export function checkRange(range: ExternalRange, fileBytes: number): void {
  if (range.offsetBytes + range.lengthBytes <= fileBytes) return;
  throw externalInvalid(`the range ends after the file's ${fileBytes} bytes`, range);
}

/** Makes the error of external data that may not be read or is not there. */
export const externalInvalid = (
  problem: string,
  range: Partial<ExternalRange>,
  cause?: unknown,
): EdgeloopError =>
  new EdgeloopError("ONNX_EXTERNAL_INVALID", `external data "${range.location}": ${problem}`, {
    details: { ...range },
    cause,
  });

/** Reads one after another, while all together stay below `onnxExternalBytesMax`. */
export function boundedExternal(read: ExternalReader | undefined): ExternalReader {
  let taken = 0;
  return (range) => {
    if (read === undefined) {
      throw new EdgeloopError(
        "ONNX_UNSUPPORTED",
        `tensor data is in "${range.location}", beside the model: give a reader of external data`,
        { details: { ...range } },
      );
    }
    taken += range.lengthBytes;
    if (taken > onnxExternalBytesMax)
      throw externalInvalid("all ranges are above the limit", range);
    const bytes = read(range);
    if (bytes.length === range.lengthBytes) return bytes;
    throw externalInvalid(`the reader gave ${bytes.length} bytes`, range);
  };
}

/**
 * Reads which range a tensor's `external_data` names; a checksum is not looked at.
 *
 * @param expectedBytes What dtype and shape ask for.
 * @throws `ONNX_EXTERNAL_INVALID` for a place outside the model's folder, or numbers that cannot be.
 */
export function externalRange(tensor: Message, expectedBytes: number): ExternalRange {
  const entries = new Map(
    tensor
      .messages(onnxFields.tensor.external)
      .map((entry) => [entry.text(onnxFields.entry.key), entry.text(onnxFields.entry.value)]),
  );
  const location = entries.get("location") ?? "";
  const number = (key: string, fallback: number): number => {
    const text = entries.get(key) ?? String(fallback);
    if (/^\d{1,15}$/.test(text)) return Number(text);
    throw externalInvalid(`${key} must be a number of bytes, not "${text.slice(0, 40)}"`, {
      location,
    });
  };
  const range = {
    location,
    offsetBytes: number("offset", 0),
    lengthBytes: number("length", expectedBytes),
  };
  if (!isInside(location)) {
    throw externalInvalid(outside, range);
  }
  if (range.lengthBytes !== expectedBytes) {
    throw externalInvalid(`dtype and shape need ${expectedBytes} bytes`, range);
  }
  return range;
}

const outside = "it must be a relative path below the model's folder";

/** A path that stays below a folder on every system: Windows has two more ways to leave it. */
const isInside = (location: string): boolean =>
  location.length > 0 &&
  location.length <= 1024 &&
  !/[\\:\0]/.test(location) &&
  location.split("/").every((name) => name !== "" && name !== "." && name !== "..");

/**
 * Lists the files that a model keeps tensors in, beside its own bytes: what must be fetched with it.
 *
 * @throws `PROTOBUF_INVALID` for bytes that lie, `ONNX_EXTERNAL_INVALID` for a place outside the model's folder.
 */
export function externalLocations(model: Uint8Array): readonly string[] {
  const { graph, functions } = onnxFields.model;
  const message = readMessage(model);
  const found = new Set<string>();
  visitGraph(message.message(graph), 0, found);
  for (const body of message.messages(functions)) {
    visitNodes(body.messages(onnxFields.function.nodes), 0, found);
  }
  return [...found].sort();
}

function visitGraph(graph: Message, depth: number, found: Set<string>): void {
  for (const tensor of graph.messages(onnxFields.graph.initializers)) visitTensor(tensor, found);
  visitNodes(graph.messages(onnxFields.graph.nodes), depth, found);
}

function visitNodes(nodes: readonly Message[], depth: number, found: Set<string>): void {
  const fields = onnxFields.attribute;
  for (const attribute of nodes.flatMap((node) => node.messages(onnxFields.node.attributes))) {
    if (attribute.has(fields.tensor)) visitTensor(attribute.message(fields.tensor), found);
    // Deeper bodies are refused when the model is read.
    if (attribute.has(fields.graph) && depth < onnxDepthMax) {
      visitGraph(attribute.message(fields.graph), depth + 1, found);
    }
  }
}

function visitTensor(tensor: Message, found: Set<string>): void {
  for (const entry of tensor.messages(onnxFields.tensor.external)) {
    if (entry.text(onnxFields.entry.key) !== "location") continue;
    const location = entry.text(onnxFields.entry.value);
    if (!isInside(location)) throw externalInvalid(outside, { location });
    found.add(location);
  }
}
