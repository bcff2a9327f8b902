import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "playwright-core";
import { expect, test } from "vitest";
import { reportHtml } from "./report-html.ts";
import { serveReport } from "./report-server.ts";
import type { ReportState } from "./report-state.ts";
import { emptyReport } from "./report-state.ts";
import { browserArgs, browserPath } from "./testing.ts";

const hostile = `</script><script>window.owned = 1</script><img src=x onerror="window.owned = 1">`;
const state: ReportState = {
  ...emptyReport(hostile, ["pump-1", hostile]),
  phase: "before the change",
  accuracy: [
    { atS: 0, fleet: 0.9, gateways: [0.9, null] },
    { atS: 2, fleet: 0.97, gateways: [0.95, 0.99] },
  ],
  rounds: [{ round: "r1", state: "released", atS: 9, accuracy: 0.96, parentAccuracy: 0.5 }],
  traffic: [{ gateway: "pump-1", direction: "up", kind: "update", bytes: 2048 }],
  latency: [{ name: "idle", windows: 400, p50Ms: 3, p99Ms: 9 }],
  events: [{ atS: 1, text: hostile }],
  results: [["macro-F1", "≥ 0.95", "0.97"]],
};

test("untrusted names stand in the page as data only", () => {
  const html = reportHtml(state);
  expect(html).not.toContain("<img");
  expect(html).not.toContain("window.owned = 1</script>");
  const json = /id="state">(.*?)<\/script>/s.exec(html)?.[1] ?? "";
  expect(JSON.parse(json)).toEqual(state);
});

const executablePath = browserPath();

test.skipIf(!executablePath)(
  "the page draws its plots in a browser, live and from the file, and runs nothing else",
  async () => {
    const live = await serveReport(state);
    const file = join(mkdtempSync(join(tmpdir(), "edgeloop-report-")), "report.html");
    writeFileSync(file, reportHtml(state));
    const running = await chromium.launch({
      executablePath: executablePath ?? "",
      args: browserArgs,
    });
    try {
      for (const url of [live.url, `file://${file}`]) {
        const page = await running.newPage();
        const problems: string[] = [];
        page.on("pageerror", (error) => problems.push(error.message));
        page.on("console", (message) => {
          if (message.type() === "error") problems.push(message.text());
        });
        await page.goto(url);
        await expect.poll(() => page.locator("canvas").count()).toBe(4);
        expect(await page.textContent("#title")).toBe(hostile);
        if (url === live.url) {
          live.update({ phase: "recovered" });
          await expect.poll(() => page.textContent("#phase")).toBe("recovered");
        }
        expect(await page.evaluate("window.owned")).toBeUndefined();
        expect(problems).toEqual([]);
        await page.close();
      }
    } finally {
      await running.close();
      await live.close();
    }
  },
);
