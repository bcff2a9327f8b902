/** The broker that a gateway's sensors, labellers and readers meet on: its own or one beside it. */
export type LocalBroker = {
  /** Where adapters connect, such as `mqtt://127.0.0.1:1883`. */
  readonly url: string;
  /** Publishes with QoS 1; resolves once the broker has taken the message. */
  readonly publish: (topic: string, payload: Uint8Array) => Promise<void>;
  readonly close: () => Promise<void>;
};

/** The topic whose messages are acknowledged only when `take` has resolved; a rejection leaves them unacknowledged. */
export type LabelInlet = {
  readonly topic: string;
  readonly take: (payload: Uint8Array) => Promise<void>;
};
