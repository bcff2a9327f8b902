/**
 * Tells whether a name matches a pattern: `*` stands for any run of characters, `?` for one, commas separate patterns.
 *
 * @example
 * matchesGlob("conv?.*,head.bias")("conv1.weight"); // => true
 */
export function matchesGlob(pattern: string): (name: string) => boolean {
  const whole = pattern
    .split(",")
    .map((part) =>
      [...part.trim()]
        .map((letter) => {
          if (letter === "*") return "[^]*";
          return letter === "?" ? "[^]" : letter.replace(/[$()*+.?[\\\]^{|}]/, "\\$&");
        })
        .join(""),
    )
    .join("|");
  const expression = new RegExp(`^(?:${whole})$`);
  return (name) => expression.test(name);
}
