/** When the sensor had a packet ready, and whether it had to wait because the gateway was away. */
export type Delivery = { readonly sentMs: number; readonly queued: boolean };

/** Deliveries that are remembered: four minutes of packets, twice what may wait for a gateway. */
export const deliveriesMax = 2400;

/** How the newest packets of a sensor were delivered, by the sensor time at which they start. */
export type DeliveryBook = {
  sent(startUs: number, queued: boolean): void;
  /** Says that a packet has to wait after all. */
  delay(startUs: number): void;
  of(startUs: number): Delivery | undefined;
};

/** Builds an empty book; the oldest delivery makes room for a new one. */
export function deliveryBook(): DeliveryBook {
  const deliveries = new Map<number, Delivery>();
  return {
    sent(startUs, queued) {
      deliveries.set(startUs, { sentMs: performance.now(), queued });
      const [oldest] = deliveries.keys();
      if (deliveries.size > deliveriesMax && oldest !== undefined) deliveries.delete(oldest);
    },
    delay(startUs) {
      const known = deliveries.get(startUs);
      if (known) deliveries.set(startUs, { ...known, queued: true });
    },
    of: (startUs) => deliveries.get(startUs),
  };
}
