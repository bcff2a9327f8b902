import { parseName, utf8 } from "@edgeloop/core/platform";
import { connectAsync } from "mqtt";
import type { LabelMessage } from "../label-message.ts";
import { parseLabelMessage } from "../label-message.ts";
import { brokerTimeoutMs } from "../limits.ts";
import { localTopics } from "../topics.ts";

/** A label or watermark to publish, and where. */
export type LabelPublication = {
  /** The gateway's local broker, such as `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  readonly fleet: string;
  readonly id: string;
  readonly message: LabelMessage;
};

/**
 * Publishes a label to a gateway; resolves once the gateway has it on disk.
 *
 * @throws `LABEL_INVALID` before anything is sent; what the connection throws.
 */
export async function publishLabel({ url, fleet, id, message }: LabelPublication): Promise<void> {
  const { kind: _kind, ...fields } = message;
  const payload = utf8(JSON.stringify(fields));
  parseLabelMessage(payload);
  const topics = localTopics({ fleet: parseName(fleet), id: parseName(id) });
  const client = await connectAsync(url, { connectTimeout: brokerTimeoutMs }, false);
  try {
    await client.publishAsync(topics.labels, Buffer.from(payload), { qos: 1 });
  } finally {
    await client.endAsync();
  }
}
