import { expect, test } from "vitest";
import { linkSender } from "./sender.ts";

test("a frame holds no zero but the one that closes it", () => {
  const bytes = linkSender(0).samples({
    startUs: 0,
    channels: 1,
    scale: 0,
    steps: new Int16Array(300),
  });
  expect(bytes.indexOf(0)).toBe(bytes.length - 1);
});
