import type { Graph, Node } from "./graph.ts";
import { readsOf } from "./reads.ts";

type Visit = { readonly at: number; readonly isLeaving: boolean };

/**
 * Orders nodes as onnxruntime executes them: depth first from the nodes that nothing reads, the last of them first,
 * and of a node's sources the last first.
 *
 * A node therefore runs shortly before the first that needs it, wherever it stands in the file.
 *
 * @returns The graph's nodes, each after those that it reads.
 */
export function executionOrder({ nodes }: Pick<Graph, "nodes">): readonly Node[] {
  const makers = new Map(nodes.flatMap(({ outputs }, at) => outputs.map((name) => [name, at])));
  makers.delete("");
  const sources = nodes.map((node) => {
    const found = new Set(readsOf(node).flatMap((name) => makers.get(name) ?? []));
    return [...found].toSorted((a, b) => a - b);
  });
  const isRead = new Set(sources.flat());
  const stack: Visit[] = nodes.flatMap((_, at) =>
    isRead.has(at) ? [] : [{ at, isLeaving: false }],
  );
  const entered = new Set<number>();
  const order: Node[] = [];
  for (let visit = stack.pop(); visit !== undefined; visit = stack.pop()) {
    const { at, isLeaving } = visit;
    const node = nodes[at];
    if (isLeaving && node !== undefined) order.push(node);
    if (isLeaving || entered.has(at)) continue;
    entered.add(at);
    stack.push({ at, isLeaving: true });
    for (const source of sources[at] ?? []) {
      if (!entered.has(source)) stack.push({ at: source, isLeaving: false });
    }
  }
  return order;
}
