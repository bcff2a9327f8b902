import { inflateSync } from "node:zlib";

/**
 * Reads a PNG of 8-bit grey pixels, not interlaced.
 *
 * @see https://www.w3.org/TR/png-3/ (chunks: section 5, filters: section 9)
 */
export function grayPng(file: Uint8Array): Uint8Array {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const [width, height] = [view.getUint32(16), view.getUint32(20)];
  const parts: Uint8Array[] = [];
  for (let at = 8; at < file.length; at += 12 + view.getUint32(at)) {
    const kind = String.fromCharCode(...file.subarray(at + 4, at + 8));
    if (kind === "IDAT") parts.push(file.subarray(at + 8, at + 8 + view.getUint32(at)));
  }
  const rows = inflateSync(Buffer.concat(parts));
  const pixels = new Uint8Array(width * height);
  const pixelAt = (x: number, y: number): number =>
    x < 0 || y < 0 ? 0 : (pixels[y * width + x] ?? 0);
  for (let y = 0; y < height; y += 1) {
    const filter = rows[y * (width + 1)] ?? 0;
    for (let x = 0; x < width; x += 1) {
      const [left, up] = [pixelAt(x - 1, y), pixelAt(x, y - 1)];
      const guesses = [0, left, up, (left + up) >> 1, paeth(left, up, pixelAt(x - 1, y - 1))];
      pixels[y * width + x] = (rows[y * (width + 1) + 1 + x] ?? 0) + (guesses[filter] ?? 0);
    }
  }
  return pixels;
}

function paeth(left: number, up: number, corner: number): number {
  const guess = left + up - corner;
  const [a, b, c] = [Math.abs(guess - left), Math.abs(guess - up), Math.abs(guess - corner)];
  if (a <= b && a <= c) return left;
  return b <= c ? up : corner;
}
