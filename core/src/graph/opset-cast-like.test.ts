import { expect, test } from "vitest";
import { graphBuilder, int } from "./builder.ts";
import { normaliseCastLike } from "./opset-cast-like.ts";

test("a cast to a type that is known is a Cast, another stays", () => {
  const b = graphBuilder("g");
  const x = b.input({ name: "x", dtype: "float32" });
  const like = b.input({ name: "like", dtype: "float16" });
  const odd = b.add("NoSuchOperator", [x]);
  b.add("CastLike", [x, like], { attributes: { saturate: int(0) } });
  b.add("CastLike", [x, odd]);
  const [, known, unknown] = normaliseCastLike(b.build()).nodes;
  // 10 is FLOAT16 in onnx.proto.
  expect(known).toMatchObject({
    op: "Cast",
    inputs: ["x"],
    attributes: { to: int(10), saturate: int(0) },
  });
  expect(unknown?.op).toBe("CastLike");
});
