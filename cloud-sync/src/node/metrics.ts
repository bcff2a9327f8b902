import { Counter, Gauge, Registry } from "prom-client";

/** What the coordinator counts; labels are bounded: codes, routes and statuses, never devices. */
export type CoordinatorMetrics = {
  refused(code: string): void;
  answered(route: string, status: number): void;
  received(kind: string, bytes: number): void;
  moved(machine: string, kind: string): void;
  devicesOnline(count: number): void;
  /** Prometheus text format 0.0.4. */
  text(): Promise<string>;
  readonly contentType: string;
};

/** Starts counting from zero. */
export function coordinatorMetrics(): CoordinatorMetrics {
  const registry = new Registry();
  const registers = [registry];
  const refusals = new Counter({
    name: "edgeloop_coordinator_refusals_total",
    help: "Requests and messages that were refused, by code",
    labelNames: ["code"],
    registers,
  });
  const requests = new Counter({
    name: "edgeloop_coordinator_requests_total",
    help: "HTTP requests that were answered",
    labelNames: ["route", "status"],
    registers,
  });
  const bytes = new Counter({
    name: "edgeloop_coordinator_received_bytes_total",
    help: "Bytes of device messages that were taken, by kind",
    labelNames: ["kind"],
    registers,
  });
  const transitions = new Counter({
    name: "edgeloop_coordinator_transitions_total",
    help: "States entered by rounds, campaigns and rollouts",
    labelNames: ["machine", "state"],
    registers,
  });
  const online = new Gauge({
    name: "edgeloop_coordinator_devices_online",
    help: "Devices connected to the broker",
    registers,
  });
  return {
    refused: (code) => refusals.inc({ code }),
    answered: (route, status) => requests.inc({ route, status: String(status) }),
    received: (kind, count) => bytes.inc({ kind }, count),
    moved: (machine, state) => transitions.inc({ machine, state }),
    devicesOnline: (count) => online.set(count),
    text: () => registry.metrics(),
    contentType: registry.contentType,
  };
}
