/** A run of bytes in a heap. */
export type Block = { readonly at: number; readonly bytes: number };

/** A heap that hands out the smallest free block that is large enough, and joins neighbours that become free. */
export type BufferHeap = {
  take(bytes: number): Block;
  give(block: Block): void;
  /** How far the heap has reached at most. */
  peak(): number;
};

/** What an allocator and a tensor's alignment cost a buffer, in bytes; and the grain of its sizes. */
const [overheadBytes, grainBytes] = [80, 16];

/**
 * Follows what an allocator does, addresses alone: buffers leave holes that are not always large enough for the next.
 *
 * @see Lea 2000, "A Memory Allocator": best fit with coalescing, as emscripten's dlmalloc.
 * @example
 * const heap = bufferHeap();
 * const first = heap.take(1000);
 * heap.take(10);
 * heap.give(first);
 * [heap.take(1000).at, heap.take(2000).at > 0]; // => [0, true]
 */
export function bufferHeap(): BufferHeap {
  const free: Block[] = [];
  let [end, high] = [0, 0];
  return {
    take(wanted) {
      const bytes = Math.ceil((wanted + overheadBytes) / grainBytes) * grainBytes;
      const best = smallest(free, bytes);
      const found = free[best];
      if (found === undefined) {
        end += bytes;
        high = Math.max(high, end);
        return { at: end - bytes, bytes };
      }
      const rest = { at: found.at + bytes, bytes: found.bytes - bytes };
      free.splice(best, 1, ...(rest.bytes === 0 ? [] : [rest]));
      return { at: found.at, bytes };
    },
    give(block) {
      const next = free.findIndex(({ at }) => at > block.at);
      const place = next < 0 ? free.length : next;
      free.splice(place, 0, block);
      joinAt(free, place);
      joinAt(free, place - 1);
      const last = free.at(-1);
      if (last !== undefined && last.at + last.bytes === end) {
        free.pop();
        end = last.at;
      }
    },
    peak: () => high,
  };
}

function smallest(free: readonly Block[], bytes: number): number {
  let best = -1;
  for (const [place, block] of free.entries()) {
    const least = free[best]?.bytes ?? Number.POSITIVE_INFINITY;
    if (block.bytes >= bytes && block.bytes < least) best = place;
  }
  return best;
}

/** Joins a free block with the one after it where they touch. */
function joinAt(free: Block[], place: number): void {
  const [one, two] = [free[place], free[place + 1]];
  if (place < 0 || one === undefined || two === undefined || one.at + one.bytes !== two.at) return;
  free.splice(place, 2, { at: one.at, bytes: one.bytes + two.bytes });
}
