// The reflected Castagnoli polynomial 0x1EDC6F41 (RFC 3720 12.1).
const polynomial = 0x82f63b78;

const table: Uint32Array = Uint32Array.from({ length: 256 }, (_, byte) => {
  let crc = byte;
  for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc;
});

/**
 * Computes CRC-32C, the checksum of iSCSI and of our frames and logs.
 *
 * @param before The checksum of what came before, so that long content is summed in pieces.
 * @returns An unsigned 32-bit integer.
 * @see RFC 3720 appendix B.4 (vectors)
 * @example
 * crc32c(new TextEncoder().encode("123456789")); // => 0xe3069283
 */
export function crc32c(bytes: Uint8Array, before = 0): number {
  let crc = ~before;
  for (let i = 0; i < bytes.length; i += 1) crc = table[(crc ^ bytes[i]!) & 0xff]! ^ (crc >>> 8);
  return ~crc >>> 0;
}
