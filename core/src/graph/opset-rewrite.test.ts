import { expect, test } from "vitest";
import { int } from "./builder.ts";
import { refused, without } from "./opset-rewrite.ts";

const node = { name: "n", op: "Op", inputs: [], outputs: [], attributes: { a: int(1), b: int(2) } };

test("attributes are taken away from a copy", () => {
  expect(without(node, "a", "c").attributes).toEqual({ b: int(2) });
  expect(Object.keys(node.attributes)).toEqual(["a", "b"]);
});

test("a refusal names operator and node", () => {
  expect(refused(node, "is odd")).toMatchObject({
    code: "ONNX_OPSET_UNSUPPORTED",
    message: "Op is odd",
    details: { op: "Op", node: "n" },
  });
});
