import { EdgeloopError } from "../platform/errors.ts";
import type { Attribute, Node } from "./graph.ts";

type ValueOf<K extends Attribute["kind"]> = Extract<Attribute, { readonly kind: K }>["value"];

function read<K extends Attribute["kind"]>(
  node: Node,
  name: string,
  kind: K,
): ValueOf<K> | undefined {
  const attribute = Object.hasOwn(node.attributes, name) ? node.attributes[name] : undefined;
  if (attribute === undefined) return undefined;
  if (attribute.kind === kind) return attribute.value as ValueOf<K> | undefined;
  throw new EdgeloopError("GRAPH_INVALID", `attribute ${name} of ${node.name} must be ${kind}`, {
    details: { node: node.name, op: node.op, attribute: name, kind: attribute.kind },
  });
}

/** Reads an integer attribute, or `fallback` when the node has none. @throws `GRAPH_INVALID` on another kind. */
export const intOf = (node: Node, name: string, fallback: number): number =>
  read(node, name, "int") ?? fallback;

/** Reads a float attribute, or `fallback` when the node has none. @throws `GRAPH_INVALID` on another kind. */
export const floatOf = (node: Node, name: string, fallback: number): number =>
  read(node, name, "float") ?? fallback;

/** Reads a string attribute, or `fallback` when the node has none. @throws `GRAPH_INVALID` on another kind. */
export const textOf = (node: Node, name: string, fallback: string): string =>
  read(node, name, "string") ?? fallback;

/** Reads a list of integers; undefined when the node has none. @throws `GRAPH_INVALID` on another kind. */
export const intsOf = (node: Node, name: string): readonly number[] | undefined =>
  read(node, name, "ints");

/** Reads a list of floats; undefined when the node has none. @throws `GRAPH_INVALID` on another kind. */
export const floatsOf = (node: Node, name: string): readonly number[] | undefined =>
  read(node, name, "floats");

/** Reads a tensor attribute; undefined when the node has none. @throws `GRAPH_INVALID` on another kind. */
export const tensorOf = (node: Node, name: string): ValueOf<"tensor"> | undefined =>
  read(node, name, "tensor");
