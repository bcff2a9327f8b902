// The report's page: draws a ReportState, once from the file and again at each server-sent event.
// It runs in the browser as a classic script beside uPlot; every name goes in as text, never as HTML.
import type { ReportState } from "./report-state.ts";

type Series = { label: string; stroke: string; width?: number };
type Plot = { setData(data: (number | null)[][]): void; setSize(size: object): void };
declare const uPlot: {
  new (options: object, data: (number | null)[][], target: HTMLElement): Plot;
  paths: { bars(options: object): unknown };
};

const colours = ["#0f766e", "#b45309", "#4338ca", "#be123c", "#15803d", "#7e22ce", "#0369a1"];
const muted = "#94a3b8";
const plots = new Map<string, { plot: Plot; shape: string }>();

const byId = (id: string): HTMLElement => {
  const found = document.getElementById(id);
  if (!found) throw new Error(`the page has no #${id}`);
  return found;
};

function element(tag: string, text?: string, className?: string): HTMLElement {
  const made = document.createElement(tag);
  if (text !== undefined) made.textContent = text;
  if (className) made.className = className;
  return made;
}

/** Draws into `#id`, making the plot anew only when its series change. */
function draw(
  id: string,
  chart: { title: string; series: Series[]; y: string; range?: [number, number]; bars?: boolean },
  data: (number | null)[][],
): void {
  const target = byId(id);
  const width = Math.max(280, target.clientWidth);
  const shape = chart.series.map((series) => series.label).join("|");
  const known = plots.get(id);
  if (known?.shape === shape) {
    known.plot.setData(data);
    return;
  }
  target.replaceChildren(element("h2", chart.title));
  const options = {
    width,
    height: 240,
    scales: { x: { time: false }, y: chart.range ? { range: chart.range } : {} },
    axes: [
      { stroke: "#64748b", grid: { stroke: "#e2e8f0" } },
      { stroke: "#64748b", grid: { stroke: "#e2e8f0" }, label: chart.y, size: 62 },
    ],
    series: [
      { label: "s" },
      ...chart.series.map((series) => ({
        ...series,
        width: series.width ?? 1.5,
        spanGaps: true,
        ...(chart.bars
          ? { fill: `${series.stroke}99`, paths: uPlot.paths.bars({ size: [0.7, 60] }) }
          : {}),
      })),
    ],
  };
  plots.set(id, { plot: new uPlot(options, data, target), shape });
}

function drawAccuracy(state: ReportState): void {
  const series = [
    { label: "fleet", stroke: "#0f172a", width: 3 },
    ...state.gateways.map((label, index) => ({
      label,
      stroke: colours[index % colours.length] ?? muted,
    })),
  ];
  draw(
    "accuracy",
    { title: "Accuracy over time", series, y: "share of right predictions", range: [0, 1.02] },
    [
      state.accuracy.map((point) => point.atS),
      state.accuracy.map((point) => point.fleet),
      ...state.gateways.map((_, index) =>
        state.accuracy.map((point) => point.gateways[index] ?? null),
      ),
    ],
  );
}

function drawRounds(state: ReportState): void {
  const done = state.rounds.filter((round) => round.accuracy !== undefined);
  draw(
    "rounds",
    {
      title: "Round by round: accuracy on the devices",
      y: "accuracy",
      range: [0, 1.02],
      series: [
        { label: "int8 candidate", stroke: "#0f766e", width: 3 },
        { label: "model in the field", stroke: muted },
      ],
    },
    [
      done.map((_, index) => index + 1),
      done.map((round) => round.accuracy ?? null),
      done.map((round) => round.parentAccuracy ?? null),
    ],
  );
}

function drawTraffic(state: ReportState): void {
  const sum = (gateway: string, direction: string): number =>
    state.traffic
      .filter((row) => row.gateway === gateway && row.direction === direction)
      .reduce((total, row) => total + row.bytes / 1024, 0);
  draw(
    "traffic",
    {
      title: "Bytes on the wire, gateway by gateway",
      y: "KiB",
      bars: true,
      series: [
        { label: "down", stroke: "#94a3b8" },
        { label: "up", stroke: "#0f766e" },
      ],
    },
    [
      state.gateways.map((_, index) => index + 1),
      state.gateways.map((gateway) => sum(gateway, "down")),
      state.gateways.map((gateway) => sum(gateway, "up")),
    ],
  );
}

function drawLatency(state: ReportState): void {
  draw(
    "latency",
    {
      title: `Latency: ${state.latency.map((row) => row.name).join(" · ")}`,
      y: "ms",
      bars: true,
      series: [
        { label: "p99", stroke: "#b45309" },
        { label: "p50", stroke: "#0f766e" },
      ],
    },
    [
      state.latency.map((_, index) => index + 1),
      state.latency.map((row) => row.p99Ms),
      state.latency.map((row) => row.p50Ms),
    ],
  );
}

function table(id: string, head: readonly string[], rows: readonly (readonly string[])[]): void {
  const body = element("tbody");
  for (const row of rows) {
    const line = element("tr");
    for (const cell of row) line.append(element("td", cell));
    body.append(line);
  }
  const top = element("tr");
  for (const cell of head) top.append(element("th", cell));
  const thead = element("thead");
  thead.append(top);
  const whole = element("table");
  whole.append(thead, body);
  byId(id).replaceChildren(whole);
}

function drawTables(state: ReportState): void {
  byId("title").textContent = state.title;
  byId("phase").textContent = state.phase;
  table("results", ["", "asked", "measured"], state.results);
  const events = state.events.slice(-40).toReversed();
  table(
    "events",
    ["s", "what happened"],
    events.map((event) => [event.atS.toFixed(1), event.text]),
  );
  const kinds = [...new Set(state.traffic.map((row) => row.kind))].toSorted();
  const bytes = (kind: string, direction: string): string =>
    state.traffic
      .filter((row) => row.kind === kind && row.direction === direction)
      .reduce((total, row) => total + row.bytes, 0)
      .toLocaleString("en");
  table(
    "kinds",
    ["message", "bytes up", "bytes down"],
    kinds.map((kind) => [kind, bytes(kind, "up"), bytes(kind, "down")]),
  );
}

function render(state: ReportState): void {
  drawTables(state);
  drawAccuracy(state);
  drawRounds(state);
  drawTraffic(state);
  drawLatency(state);
}

let current: ReportState = JSON.parse(byId("state").textContent ?? "{}");
render(current);
if (location.protocol.startsWith("http")) {
  const source = new EventSource("events");
  source.addEventListener("patch", (event) => {
    current = { ...current, ...JSON.parse(event.data) };
    render(current);
  });
}
addEventListener("resize", () => {
  for (const [id, { plot }] of plots) {
    plot.setSize({ width: Math.max(280, byId(id).clientWidth), height: 240 });
  }
});
