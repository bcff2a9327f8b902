import fc from "fast-check";
import { expect, test } from "vitest";
import type { Json } from "./canonical-json.ts";
import { canonicalJson } from "./canonical-json.ts";

test("RFC 8785 section 3.2.2: its example has its bytes", () => {
  const value = {
    // The RFC writes the first number as 333333333.33333329, which is the same double.
    numbers: [333333333.3333333, 1e30, 4.5, 2e-3, 0.000000000000000000000000001],
    string: "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"/",
    literals: [null, true, false],
  };
  expect(canonicalJson(value)).toBe(
    '{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],' +
      '"string":"\u20ac$\\u000f\\nA\'B\\"\\\\\\\\\\"/"}',
  );
});

test("RFC 8785 section 3.2.3: keys are sorted by UTF-16 code units", () => {
  const keys = ["\u20ac", "\r", "\ufb33", "1", "\u{1f600}", "\u0080", "\u00f6"];
  const text = canonicalJson(Object.fromEntries(keys.map((key) => [key, 0])));
  expect(Object.keys(JSON.parse(text)).filter((key) => key !== "1")).toEqual([
    "\r",
    "\u0080",
    "\u00f6",
    "\u20ac",
    "\u{1f600}",
    "\ufb33",
  ]);
  expect(text.startsWith('{"\\r":0,"1":0,')).toBe(true);
});

// RFC 8785 appendix B, without NaN and infinity.
test.for([
  ["0000000000000000", "0"],
  ["8000000000000000", "0"],
  ["0000000000000001", "5e-324"],
  ["8000000000000001", "-5e-324"],
  ["7fefffffffffffff", "1.7976931348623157e+308"],
  ["ffefffffffffffff", "-1.7976931348623157e+308"],
  ["4340000000000000", "9007199254740992"],
  ["c340000000000000", "-9007199254740992"],
  ["4430000000000000", "295147905179352830000"],
  ["44b52d02c7e14af5", "9.999999999999997e+22"],
  ["44b52d02c7e14af6", "1e+23"],
  ["44b52d02c7e14af7", "1.0000000000000001e+23"],
  ["444b1ae4d6e2ef4e", "999999999999999700000"],
  ["444b1ae4d6e2ef4f", "999999999999999900000"],
  ["444b1ae4d6e2ef50", "1e+21"],
  ["3eb0c6f7a0b5ed8c", "9.999999999999997e-7"],
  ["3eb0c6f7a0b5ed8d", "0.000001"],
  ["41b3de4355555553", "333333333.3333332"],
  ["41b3de4355555554", "333333333.33333325"],
  ["41b3de4355555555", "333333333.3333333"],
  ["41b3de4355555556", "333333333.3333334"],
  ["41b3de4355555557", "333333333.33333343"],
  ["becbf647612f3696", "-0.0000033333333333333333"],
  ["43143ff3c1cb0959", "1424953923781206.2"],
] as const)("RFC 8785 appendix B: the double %s is %s", ([bits, text]) => {
  expect(canonicalJson(Buffer.from(bits, "hex").readDoubleBE())).toBe(text);
});

test.for([Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY])("%d is refused", (n) => {
  expect(() => canonicalJson({ a: [n] })).toThrowError(
    expect.objectContaining({ code: "JSON_NUMBER_INVALID" }),
  );
});

test("half a surrogate pair is refused, as text and as a key (RFC 8785 section 3.2.2.2)", () => {
  const invalid = expect.objectContaining({ code: "JSON_TEXT_INVALID" });
  expect(() => canonicalJson("\ud800")).toThrowError(invalid);
  expect(() => canonicalJson({ "\udead": 1 })).toThrowError(invalid);
});

test("members that are undefined are left out", () => {
  expect(canonicalJson({ b: undefined, a: 1 })).toBe('{"a":1}');
});

test("the form is the value's, whatever order its members have, and parses to it", () => {
  const json = fc
    .jsonValue({ noUnicodeString: false })
    .filter((v) => JSON.stringify(v).isWellFormed());
  const turned = (value: Json): Json => {
    if (Array.isArray(value)) return value.map(turned);
    if (typeof value !== "object" || value === null) return value;
    return Object.fromEntries(
      Object.entries(value)
        .toReversed()
        .map(([k, v]) => [k, turned(v as Json)]),
    );
  };
  fc.assert(
    fc.property(json, (value) => {
      const text = canonicalJson(value as Json);
      expect(canonicalJson(turned(value as Json))).toBe(text);
      expect(canonicalJson(JSON.parse(text))).toBe(text);
    }),
    { numRuns: 40 },
  );
});
