import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { daemon, healthy } from "./daemon.ts";
import { freePort } from "./free-port.ts";

const folder = mkdtempSync(join(tmpdir(), "edgeloop-daemon-"));
const { signal } = new AbortController();

test("a daemon is ready when its health page answers, and can be killed and started again", async () => {
  const port = await freePort();
  const server = `require("http").createServer((q, s) => s.end()).listen(${port}, "127.0.0.1", () => console.log("up"))`;
  const one = daemon({
    name: "one",
    args: ["-e", server],
    cwd: folder,
    logFile: join(folder, "one.log"),
    ready: healthy(port),
    readyTimeoutMs: 20_000,
  });
  await one.start(signal);
  const first = one.pid();
  await one.kill("SIGKILL");
  expect(one.running()).toBe(false);
  expect(one.lost()).toBeUndefined();
  await one.start(signal);
  expect(one.pid()).not.toBe(first);
  expect(one.tail(2)).toBe("up\nup");
  await one.kill("SIGTERM");
});

test("a daemon that ends while it starts is an error with the end of its log", async () => {
  const broken = daemon({
    name: "broken",
    args: ["-e", 'console.error("no such file"); process.exit(1)'],
    cwd: folder,
    logFile: join(folder, "broken.log"),
    ready: () => Promise.resolve(false),
    readyTimeoutMs: 20_000,
  });
  await expect(broken.start(signal)).rejects.toMatchObject({
    code: "DAEMON_ENDED",
    message: expect.stringContaining("no such file"),
  });
});

test("a daemon that ends by itself is lost until it is started again; one that is killed is not", async () => {
  const logFile = join(folder, "lost.log");
  const lost = daemon({
    ...{ name: "pump-9", cwd: folder, logFile, readyTimeoutMs: 20_000 },
    args: [
      "-e",
      'console.log("no disk"); process.once("SIGUSR2", () => process.exit(3)); setInterval(() => 0, 1e6)',
    ],
    ready: () => Promise.resolve(readFileSync(logFile, "utf8").endsWith("no disk\n")),
  });
  expect(lost.lost()).toBeUndefined();
  await lost.start(signal);
  expect(lost.lost()).toBeUndefined();
  process.kill(lost.pid()!, "SIGUSR2");
  await expect.poll(() => lost.lost()?.code).toBe("DAEMON_ENDED");
  expect(lost.lost()?.message).toMatch(/^pump-9 ended with 3; the end of .*no disk$/s);
  await lost.start(signal);
  expect(lost.lost()).toBeUndefined();
  await lost.kill("SIGKILL");
  expect(lost.lost()).toBeUndefined();
});
