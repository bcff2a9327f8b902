import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";

const names = ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/** Finds a Chromium that is installed here; undefined where there is none. */
export function browserPath(): string | undefined {
  const folders = [...(process.env["PATH"] ?? "").split(delimiter), "/usr/bin"];
  return names.flatMap((name) => folders.map((folder) => join(folder, name))).find(existsSync);
}

/** What a Chromium is started with: no window, and nothing that speaks to its maker. */
export const browserArgs: string[] = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
  "--no-first-run",
];

/** Why a test that needs a browser is skipped. */
export const browserMissing = "no Chromium is installed here";
