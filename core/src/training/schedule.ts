/** The learning rate of each step: a pure function of the step (from 0) and the number of steps planned. */
export type Schedule = (step: number, steps: number) => number;

/** Keeps one rate. */
export const constant =
  (rate: number): Schedule =>
  () =>
    rate;

/**
 * Falls from `rate` along half a cosine, to `floor` after the last step.
 *
 * @see Loshchilov, Hutter 2017, arXiv:1608.03983 eq. 5, one cycle.
 * @example
 * cosine(0.2)(5, 10); // => 0.1
 */
export const cosine =
  (rate: number, { floor = 0 }: { readonly floor?: number } = {}): Schedule =>
  (step, steps) =>
    floor + ((rate - floor) * (1 + Math.cos((Math.PI * step) / steps))) / 2;

/**
 * Multiplies the rate by `factor` after every `every` steps.
 *
 * @example
 * stepwise(1, { every: 10, factor: 0.5 })(25, 100); // => 0.25
 */
export const stepwise =
  (
    rate: number,
    { every, factor }: { readonly every: number; readonly factor: number },
  ): Schedule =>
  (step) =>
    rate * factor ** Math.floor(step / every);

/**
 * Rises linearly over the first `warmupSteps`, then follows another schedule over the rest.
 *
 * @example
 * [0, 1, 2, 3, 4].map((step) => warmup(4, constant(1))(step, 5)); // => [0.25, 0.5, 0.75, 1, 1]
 */
export const warmup =
  (warmupSteps: number, then: Schedule): Schedule =>
  (step, steps) => {
    const rest = Math.max(steps - warmupSteps, 1);
    return step < warmupSteps
      ? (then(0, rest) * (step + 1)) / warmupSteps
      : then(step - warmupSteps, rest);
  };
