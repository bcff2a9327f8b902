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

/** Deepest nesting of control-flow bodies that is read: a recurrent model of PyTorch has three. */
export const onnxDepthMax = 8;

/** Deepest nesting of functions that call functions: exporters nest as modules do, about ten deep. */
export const onnxFunctionDepthMax = 64;

/** Nodes of a model with its functions expanded: doubling functions must not fill the memory. */
export const onnxNodesMax: number = 128 * 1024;

/** Data of tensors in files beside the model, all together: two files of the largest size protobuf allows. */
export const onnxExternalBytesMax: number = 4 * 1024 * 1024 * 1024;

/** Fields of one protobuf document: far above any model (a node is about 20), far below what exhausts memory. */
export const protobufFieldsMax: number = 2 * 1024 * 1024;

/** Numbers of one list in a protobuf document: attributes and dims, not tensors. */
export const protobufListMax: number = 1024 * 1024;

/** Nodes that one inference follows, a body once for each time that its shapes are looked for. */
export const inferredNodesMax: number = 512 * 1024;
