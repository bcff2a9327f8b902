import { expect, test } from "vitest";
import { silentLog } from "./log.ts";

test("a silent log takes everything and says nothing", () => {
  const said = [silentLog.debug, silentLog.info, silentLog.warn, silentLog.error].map((say) =>
    say("event", { big: 1n }),
  );
  expect(said).toEqual([undefined, undefined, undefined, undefined]);
});
