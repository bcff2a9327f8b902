import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { createRequire, stripTypeScriptTypes } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ReportState } from "./report-state.ts";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);

/** The page's script: TypeScript in the checkout, JavaScript where it is published. */
function pageScript(): string {
  const source = join(here, "page.ts");
  if (!existsSync(source)) return readFileSync(join(here, "page.js"), "utf8");
  return stripTypeScriptTypes(readFileSync(source, "utf8"));
}

const hash = (text: string): string =>
  `'sha256-${createHash("sha256").update(text).digest("base64")}'`;

/** JSON that no HTML parser can leave: `<` never stands in it as itself. */
const inert = (state: ReportState): string =>
  JSON.stringify(state).replaceAll("<", "\\u003c").replaceAll("\u2028", "\\u2028");

/**
 * Writes the report as one self-contained page.
 *
 * Class names, pump names and messages are data in it: the policy allows the page's own scripts by hash and nothing
 * else, and the page sets text, never HTML.
 */
export function reportHtml(state: ReportState): string {
  const style = [
    readFileSync(require.resolve("uplot/dist/uPlot.min.css"), "utf8"),
    readFileSync(join(here, "page.css"), "utf8"),
  ].join("\n");
  const plot = readFileSync(require.resolve("uplot/dist/uPlot.iife.min.js"), "utf8");
  const script = pageScript();
  const policy = [
    "default-src 'none'",
    `script-src ${hash(plot)} ${hash(script)}`,
    "style-src 'unsafe-inline'",
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
  ].join("; ");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>edgeloop report</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<header><h1 id="title"></h1><span id="phase"></span></header>
<main>
<section class="wide" id="accuracy"></section>
<section id="rounds"></section>
<section id="latency"></section>
<section id="traffic"></section>
<section id="kinds"></section>
<section class="wide" id="results"></section>
<section class="wide" id="events"></section>
</main>
<footer>Written by edgeloop. Everything in this page was measured in this run.</footer>
<script type="application/json" id="state">${inert(state)}</script>
<script>${plot}</script>
<script type="module">${script}</script>
</body>
</html>
`;
}
