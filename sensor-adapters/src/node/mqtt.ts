import type { Adapter, AdapterRun, Samples, SensorInfo } from "@edgeloop/core/data";
import type { Clock } from "@edgeloop/core/platform";
import { codeOf, EdgeloopError, messageOf } from "@edgeloop/core/platform";
import type { IClientOptions, MqttClient } from "mqtt";
import { connect } from "mqtt";
import type { Decode } from "../decode/decoder.ts";
import type { PacketQueue } from "./packet-queue.ts";
import { packetQueue } from "./packet-queue.ts";

/** Bytes of a refused payload that go to the quarantine. */
const refusedBytesKept = 1024;

/** How a sensor's topic is read. */
export type MqttOptions = {
  /** `mqtt://` only on loopback, else `mqtts://`. */
  readonly url: string;
  /** Topic or filter. */
  readonly topic: string;
  readonly decode: Decode;
  readonly clock: Clock;
  /** User name, password, TLS files; a stable client id keeps the session over a restart. */
  readonly client?: IClientOptions;
};

/**
 * Reads a sensor from any topic of any MQTT broker, QoS 1.
 *
 * A message is acknowledged when the consumer asks for the next one, so a slow consumer holds the broker back and a
 * crash loses nothing that the broker still has. Connections are kept up by the client.
 *
 * @throws `MQTT_PLAINTEXT_REFUSED` for a plain connection to anything but this machine, `MQTT_SUBSCRIBE_FAILED`
 */
export function mqttAdapter(info: SensorInfo, options: MqttOptions): Adapter {
  refusePlainText(options.url);
  return {
    info,
    async *samples(run) {
      if (run.signal.aborted) return;
      const queue = packetQueue<Samples>();
      const client = connect(options.url, { clean: true, resubscribe: false, ...options.client });
      // The client reconnects by itself and says why on each try; without a listener Node would end the process.
      client.on("error", (error) => reportLater(run, options.clock, error));
      const stop = (): void => queue.end();
      run.signal.addEventListener("abort", stop, { once: true });
      let refused: EdgeloopError | undefined;
      // At every connection, the first and those after a loss: a broker may start later than its readers.
      client.on("connect", () => {
        subscribe(client, options.topic).catch((error: EdgeloopError) => {
          if (!client.connected) return;
          refused = error;
          queue.end();
        });
      });
      try {
        listen(client, queue, { options, run });
        yield* queue.items();
        if (refused) throw refused;
      } finally {
        run.signal.removeEventListener("abort", stop);
        await client.endAsync(true);
      }
    },
  };
}

const reportLater = (run: AdapterRun, clock: Clock, error: Error): void =>
  run.refuse({ code: "MQTT_CONNECTION_FAILED", message: error.message, atUs: clock.nowUs() });

function listen(
  client: MqttClient,
  queue: PacketQueue<Samples>,
  { options, run }: { readonly options: MqttOptions; readonly run: AdapterRun },
): void {
  const together = acknowledgedTogether(client);
  client.handleMessage = (packet, done) => {
    const payload =
      typeof packet.payload === "string" ? Buffer.from(packet.payload) : packet.payload;
    const atUs = options.clock.nowUs();
    try {
      queue.push(options.decode(payload, atUs), () => together(done));
    } catch (error) {
      const kept = Uint8Array.from(payload.subarray(0, refusedBytesKept));
      run.refuse({ code: codeOf(error), message: messageOf(error), atUs, payload: kept });
      done();
    }
  };
}

/**
 * Sends the acknowledgements of one turn of the event loop in one write.
 *
 * Each is made when its message was taken, one after the other; a system call for each was a third of a packet's cost.
 */
function acknowledgedTogether(client: MqttClient): (done: () => void) => void {
  let corked: MqttClient["stream"] | undefined;
  const send = (): void => {
    corked?.uncork();
    corked = undefined;
  };
  return (done) => {
    if (corked === undefined) {
      corked = client.stream;
      corked.cork();
      setImmediate(send);
    }
    done();
  };
}

async function subscribe(client: MqttClient, topic: string): Promise<void> {
  try {
    const [grant] = await client.subscribeAsync(topic, { qos: 1 });
    // 0x80 is the broker's no (MQTT 3.1.1 §3.9.3).
    if (!grant || grant.qos < 128) return;
  } catch (cause) {
    throw subscribeFailed(topic, cause);
  }
  throw subscribeFailed(topic);
}

const subscribeFailed = (topic: string, cause?: unknown): EdgeloopError =>
  new EdgeloopError("MQTT_SUBSCRIBE_FAILED", `the broker refused the subscription to ${topic}`, {
    details: { topic },
    cause,
  });

const loopback = new Set(["localhost", "127.0.0.1", "[::1]"]);

function refusePlainText(url: string): void {
  const { protocol, hostname } = new URL(url);
  if (protocol === "mqtts:" || protocol === "wss:" || loopback.has(hostname)) return;
  throw new EdgeloopError(
    "MQTT_PLAINTEXT_REFUSED",
    `${protocol}//${hostname} would send samples unprotected: use mqtts:// or a broker on this machine`,
  );
}
