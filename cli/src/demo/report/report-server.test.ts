import { expect, test } from "vitest";
import { serveReport } from "./report-server.ts";
import { emptyReport } from "./report-state.ts";

test("a listener gets the whole state first and then each change", async () => {
  const live = await serveReport(emptyReport("t", ["g1"]));
  const stop = new AbortController();
  const response = await fetch(`${live.url}events`, { signal: stop.signal });
  const reader = response.body!.pipeThrough(new TextDecoderStream()).getReader();
  const first = await reader.read();
  expect(JSON.parse(/data: (.*)/.exec(first.value ?? "")?.[1] ?? "")).toEqual(live.state());
  live.update({ phase: "later" });
  const second = await reader.read();
  expect(second.value).toBe('event: patch\ndata: {"phase":"later"}\n\n');
  expect(live.state().phase).toBe("later");
  stop.abort();
  await live.close();
});

test("other paths and methods are refused", async () => {
  const live = await serveReport(emptyReport("t", []));
  expect((await fetch(`${live.url}../../etc/passwd`)).status).toBe(404);
  expect((await fetch(live.url, { method: "POST" })).status).toBe(405);
  await live.close();
});
