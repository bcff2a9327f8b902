import { int, text } from "../../core/src/graph/builder.ts";
import { i64, sizeOf } from "../../core/src/graph/tensor.ts";
import type { Draw, Maker } from "./case.ts";
import { caseOf } from "./case.ts";

const positions = (draw: Draw, shape: readonly number[], size: number) =>
  i64(
    Array.from({ length: sizeOf(shape) }, () => draw.int(-size, size - 1)),
    shape,
  );

const cumulativeSum: Maker = (draw) => {
  const rank = draw.int(1, 3);
  const axis = i64([draw.int(-rank, rank - 1)], []);
  return caseOf(
    "CumSum",
    { x: draw.tensor(draw.shape(rank)), axis },
    {
      attributes: { exclusive: int(draw.int(0, 1)), reverse: int(draw.int(0, 1)) },
      constants: ["axis"],
      symbolic: ["x"],
    },
  );
};

const topK: Maker = (draw) => {
  const shape = draw.shape(draw.int(1, 3));
  const axis = draw.int(0, shape.length - 1);
  return caseOf(
    "TopK",
    { x: draw.tensor(shape), k: i64([draw.int(1, shape[axis]!)]) },
    {
      attributes: { axis: int(draw.of(axis, axis - shape.length)), largest: int(draw.int(0, 1)) },
      outputs: 2,
      dtypes: { y1: "int64" },
      constants: ["k"],
    },
  );
};

const triangle: Maker = (draw) => {
  const attributes = { upper: int(draw.int(0, 1)) };
  const x = draw.tensor(draw.shape(draw.int(2, 3)));
  if (draw.flip()) return caseOf("Trilu", { x }, { attributes, symbolic: ["x"] });
  return caseOf("Trilu", { x, k: i64([draw.int(-1, 1)], []) }, { attributes, constants: ["k"] });
};

const gatherElements: Maker = (draw) => {
  const shape = draw.shape(draw.int(1, 3));
  const axis = draw.int(0, shape.length - 1);
  const indices = positions(draw, shape.with(axis, draw.int(1, 4)), shape[axis]!);
  const attributes = { axis: int(draw.of(axis, axis - shape.length)) };
  return caseOf("GatherElements", { x: draw.tensor(shape), indices }, { attributes });
};

const rows = (draw: Draw, shape: readonly number[], depth: number, count: number) =>
  i64(
    Array.from({ length: count }, () =>
      shape.slice(0, depth).map((size) => draw.int(-size, size - 1)),
    ).flat(),
    [count, depth],
  );

const gatherNd: Maker = (draw) => {
  const shape = draw.shape(draw.int(1, 3));
  const indices = rows(draw, shape, draw.int(1, shape.length), draw.int(1, 3));
  return caseOf("GatherND", { x: draw.tensor(shape), indices });
};

/** A place that is written twice has no definite value; with an addition it has. */
const scatterElements =
  (reduction: "none" | "add"): Maker =>
  (draw) => {
    const shape = draw.shape(draw.int(1, 3));
    const axis = draw.int(0, shape.length - 1);
    const indices =
      reduction === "add"
        ? positions(draw, shape.with(axis, draw.int(1, 4)), shape[axis]!)
        : positions(draw, shape.with(axis, 1), shape[axis]!);
    const attributes = { axis: int(axis), reduction: text(reduction) };
    const updates = draw.tensor(indices.shape);
    return caseOf("ScatterElements", { x: draw.tensor(shape), indices, updates }, { attributes });
  };

const scatterNd =
  (reduction: "none" | "add"): Maker =>
  (draw) => {
    const shape = draw.shape(draw.int(1, 3));
    const depth = draw.int(1, shape.length);
    const indices = rows(draw, shape, depth, reduction === "add" ? draw.int(1, 3) : 1);
    const updates = draw.tensor([indices.shape[0]!, ...shape.slice(depth)]);
    const attributes = { reduction: text(reduction) };
    return caseOf("ScatterND", { x: draw.tensor(shape), indices, updates }, { attributes });
  };

const tile: Maker = (draw) => {
  const shape = draw.shape(draw.int(1, 3));
  const repeats = i64(shape.map(() => draw.int(1, 3)));
  return caseOf(
    "Tile",
    { x: draw.tensor(shape), repeats },
    { constants: draw.of([], ["repeats"]), symbolic: draw.of([], ["x"]) },
  );
};

const depthToSpace: Maker = (draw) => {
  const size = draw.int(1, 3);
  const [n, c, h, w] = draw.shape(4) as [number, number, number, number];
  return caseOf(
    "DepthToSpace",
    { x: draw.tensor([n, c * size ** 2, h, w]) },
    {
      attributes: { blocksize: int(size), mode: text(draw.of("DCR", "CRD")) },
      symbolic: ["x"],
    },
  );
};

const spaceToDepth: Maker = (draw) => {
  const size = draw.int(1, 3);
  const [n, c, h, w] = draw.shape(4) as [number, number, number, number];
  return caseOf(
    "SpaceToDepth",
    { x: draw.tensor([n, c, h * size, w * size]) },
    { attributes: { blocksize: int(size) }, symbolic: ["x"] },
  );
};

const einsum: Maker = (draw) => {
  const equation = draw.of(
    ...["ij,jk->ik", "bij,bkj->bik", "ij->ji", "ij->i", "i,j->ij", "bi,bj,ij->b", "ij,kj"],
    ...["bhid,bhjd->bhij", "ij,ij->", "abc,cd->d"],
  );
  const size = new Map([..."abcdhijk"].map((letter) => [letter, draw.int(1, 3)]));
  const tensors = equation
    .split("->")[0]!
    .split(",")
    .map(
      (term, i) => [`x${i}`, draw.tensor([...term].map((letter) => size.get(letter)!))] as const,
    );
  return caseOf("Einsum", Object.fromEntries(tensors), {
    attributes: { equation: text(equation) },
  });
};

/** Axes that no letter names, the same in every input. */
const ellipsis: Maker = (draw) => {
  const equation = draw.of(
    "...ij,jk->...ik",
    "...i,...i->...",
    "b...,b->b...",
    "i...,ij",
    "...,...",
  );
  const size = new Map([..."bijk"].map((letter) => [letter, draw.int(1, 3)]));
  const rest = draw.shape(draw.int(0, 2));
  const tensors = equation
    .split("->")[0]!
    .split(",")
    .map((term, i) => {
      const shape = [...term.replace("...", ".")].flatMap((letter) =>
        letter === "." ? rest : size.get(letter)!,
      );
      return [`x${i}`, draw.tensor(shape)] as const;
    });
  return caseOf("Einsum", Object.fromEntries(tensors), {
    attributes: { equation: text(equation) },
  });
};

/** Random cases of operators that scan, move and contract. */
export const scanningCases: Readonly<Record<string, Maker>> = {
  CumSum: cumulativeSum,
  TopK: topK,
  Trilu: triangle,
  GatherElements: gatherElements,
  GatherND: gatherNd,
  ScatterElements: scatterElements("none"),
  "ScatterElements add": scatterElements("add"),
  ScatterND: scatterNd("none"),
  "ScatterND add": scatterNd("add"),
  Tile: tile,
  DepthToSpace: depthToSpace,
  SpaceToDepth: spaceToDepth,
  Einsum: einsum,
  "Einsum ellipsis": ellipsis,
};
