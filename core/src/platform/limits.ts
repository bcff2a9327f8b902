/** A frame of the firmware link: 100 samples of 6 float32 channels is 2,400 bytes; headers and slack on top. */
export const frameBytesMax: number = 4 * 1024;

/** A line of a serial sensor: 64 channels of 16 characters is 1 KiB; a line without an end must not eat memory. */
export const lineBytesMax: number = 8 * 1024;

/** The header of a .npy file: numpy refuses longer ones unless told otherwise (`max_header_size`). */
export const npyHeaderBytesMax: number = 10_000;

/** Entries of an .npz file: zip without its 64-bit extension has no more. */
export const npzEntriesMax: number = 65_535;

/** What an .npz file may unpack to: twice the memory of the smallest gateway would not help anybody. */
export const npzInflatedBytesMax: number = 1024 * 1024 * 1024;
