/** Topics of a gateway's own broker. */
export type LocalTopics = {
  /** Where labels and watermarks arrive. */
  readonly labels: string;
  /** Where events are published: codes and counters only. */
  readonly events: string;
  /** Where the predictions of a line of models are published. */
  inference(line: string): string;
};

/**
 * Names the topics of one gateway on its local broker.
 *
 * @example
 * localTopics({ fleet: "plant", id: "pump-1" }).labels; // => "edgeloop/v1/plant/devices/pump-1/labels"
 */
export function localTopics({
  fleet,
  id,
}: {
  readonly fleet: string;
  readonly id: string;
}): LocalTopics {
  const base = `edgeloop/v1/${fleet}/devices/${id}`;
  return {
    labels: `${base}/labels`,
    events: `${base}/events`,
    inference: (line) => `${base}/inference/${line}`,
  };
}
