import type { ImportRow } from "./row.ts";

/** An operator of one value. */
export const unary =
  (op: string): ImportRow =>
  (site) => {
    const form = site.follow([0]);
    site.give(0, site.add(op, [site.read(0, form)]), form);
  };

/** An operator of two values that broadcast. */
export const binary =
  (op: string): ImportRow =>
  (site) => {
    const form = site.follow([0, 1]);
    site.give(0, site.add(op, [site.read(0, form), site.read(1, form)]), form);
  };
