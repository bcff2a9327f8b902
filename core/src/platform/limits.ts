/** A frame of the firmware link: 100 samples of 6 float32 channels is 2,400 bytes; headers and slack on top. */
export const frameBytesMax: number = 4 * 1024;

/** A line of a serial sensor: 64 channels of 16 characters is 1 KiB; a line without an end must not eat memory. */
export const lineBytesMax: number = 8 * 1024;
