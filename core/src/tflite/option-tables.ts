/** A setting in an operator's options table; its place in the row is its field number. */
export type OptionField = {
  readonly name: string;
  readonly type: OptionType;
  readonly fallback: number;
};

/** How a setting is stored. An enumeration is a byte with a name for each number. */
export type OptionType =
  | "int"
  | "long"
  | "float"
  | "bool"
  | "text"
  | "ints"
  | "floats"
  | "Padding"
  | "Activation"
  | "Type"
  | "Mode"
  | "Weights"
  | "Kernel"
  | "Combiner"
  | "Projection";

/** Members of enumerations, in the schema's order. `Type` is `TensorType`, kept as its number. */
export const optionEnums: Readonly<Partial<Record<OptionType, readonly string[]>>> = {
  Padding: ["SAME", "VALID"],
  Activation: ["NONE", "RELU", "RELU_N1_TO_1", "RELU6", "TANH", "SIGN_BIT"],
  Mode: ["REFLECT", "SYMMETRIC"],
  Weights: ["DEFAULT", "SHUFFLED4x16INT8"],
  Kernel: ["FULL", "BASIC"],
  Combiner: ["SUM", "MEAN", "SQRTN"],
  Projection: ["UNKNOWN", "SPARSE", "DENSE"],
};

/** An operator's options table: its number in the union `BuiltinOptions`, and its fields. */
export type OptionTable = { readonly tag: number; readonly fields: readonly OptionField[] };

const activation = "fused_activation_function:Activation";
const strides = "stride_w stride_h";
const asymmetric = "asymmetric_quantize_inputs:bool";
const bias = "quantized_bias_type:Type";
const clip = "cell_clip:float proj_clip:float";

/** A row an operator: number in the union, then fields as `name:type=default`; `int` and 0 go without saying. */
const rows: Readonly<Record<string, string>> = {
  CONV_2D: `1 padding:Padding ${strides} ${activation} dilation_w_factor=1 dilation_h_factor=1 ${bias}`,
  DEPTHWISE_CONV_2D: `2 padding:Padding ${strides} depth_multiplier ${activation} dilation_w_factor=1 dilation_h_factor=1`,
  CONCAT_EMBEDDINGS: "3 num_channels num_columns_per_channel:ints embedding_dim_per_channel:ints",
  LSH_PROJECTION: "4 type:Projection",
  AVERAGE_POOL_2D: `5 padding:Padding ${strides} filter_width filter_height ${activation}`,
  L2_POOL_2D: `5 padding:Padding ${strides} filter_width filter_height ${activation}`,
  MAX_POOL_2D: `5 padding:Padding ${strides} filter_width filter_height ${activation}`,
  SVDF: `6 rank ${activation} ${asymmetric}`,
  RNN: `7 ${activation} ${asymmetric}`,
  FULLY_CONNECTED: `8 ${activation} weights_format:Weights keep_num_dims:bool ${asymmetric} ${bias}`,
  SOFTMAX: "9 beta:float",
  CONCATENATION: `10 axis ${activation}`,
  ADD: `11 ${activation} pot_scale_int16:bool=1`,
  L2_NORMALIZATION: `12 ${activation}`,
  LOCAL_RESPONSE_NORMALIZATION: "13 radius bias:float alpha:float beta:float",
  LSTM: `14 ${activation} ${clip} kernel_type:Kernel ${asymmetric}`,
  RESIZE_BILINEAR: "15 new_height new_width align_corners:bool half_pixel_centers:bool",
  CALL: "16 subgraph",
  RESHAPE: "17 new_shape:ints",
  SKIP_GRAM: "18 ngram_size max_skip_size include_all_ngrams:bool",
  SPACE_TO_DEPTH: "19 block_size",
  EMBEDDING_LOOKUP_SPARSE: "20 combiner:Combiner",
  MUL: `21 ${activation}`,
  PAD: "22",
  GATHER: "23 axis batch_dims",
  BATCH_TO_SPACE_ND: "24",
  SPACE_TO_BATCH_ND: "25",
  TRANSPOSE: "26",
  MEAN: "27 keep_dims:bool",
  SUM: "27 keep_dims:bool",
  REDUCE_PROD: "27 keep_dims:bool",
  REDUCE_MAX: "27 keep_dims:bool",
  REDUCE_MIN: "27 keep_dims:bool",
  REDUCE_ANY: "27 keep_dims:bool",
  REDUCE_ALL: "27 keep_dims:bool",
  SUB: `28 ${activation} pot_scale_int16:bool=1`,
  DIV: `29 ${activation}`,
  SQUEEZE: "30 squeeze_dims:ints",
  UNIDIRECTIONAL_SEQUENCE_RNN: `31 time_major:bool ${activation} ${asymmetric}`,
  STRIDED_SLICE: "32 begin_mask end_mask ellipsis_mask new_axis_mask shrink_axis_mask offset:bool",
  EXP: "33",
  TOPK_V2: "34",
  SPLIT: "35 num_splits",
  LOG_SOFTMAX: "36",
  CAST: "37 in_data_type:Type out_data_type:Type",
  DEQUANTIZE: "38",
  MAXIMUM: "39",
  MINIMUM: "39",
  ARG_MAX: "40 output_type:Type",
  LESS: "41",
  NEG: "42",
  PADV2: "43",
  GREATER: "44",
  GREATER_EQUAL: "45",
  LESS_EQUAL: "46",
  SELECT: "47",
  SLICE: "48",
  TRANSPOSE_CONV: `49 padding:Padding ${strides} ${activation} ${bias}`,
  SPARSE_TO_DENSE: "50 validate_indices:bool",
  TILE: "51",
  EXPAND_DIMS: "52",
  EQUAL: "53",
  NOT_EQUAL: "54",
  SHAPE: "55 out_type:Type",
  POW: "56",
  ARG_MIN: "57 output_type:Type",
  FAKE_QUANT: "58 min:float max:float num_bits narrow_range:bool",
  PACK: "59 values_count axis",
  LOGICAL_OR: "60",
  ONE_HOT: "61 axis",
  LOGICAL_AND: "62",
  LOGICAL_NOT: "63",
  UNPACK: "64 num axis",
  FLOOR_DIV: "65",
  SQUARE: "66",
  ZEROS_LIKE: "67",
  FILL: "68",
  BIDIRECTIONAL_SEQUENCE_LSTM: `69 ${activation} ${clip} merge_outputs:bool time_major:bool=1 ${asymmetric}`,
  BIDIRECTIONAL_SEQUENCE_RNN: `70 time_major:bool ${activation} merge_outputs:bool ${asymmetric}`,
  UNIDIRECTIONAL_SEQUENCE_LSTM: `71 ${activation} ${clip} time_major:bool ${asymmetric} diagonal_recurrent_tensors:bool`,
  FLOOR_MOD: "72",
  RANGE: "73",
  RESIZE_NEAREST_NEIGHBOR: "74 align_corners:bool half_pixel_centers:bool",
  LEAKY_RELU: "75 alpha:float",
  SQUARED_DIFFERENCE: "76",
  MIRROR_PAD: "77 mode:Mode",
  ABS: "78",
  SPLIT_V: "79 num_splits",
  UNIQUE: "80 idx_out_type:Type=2",
  REVERSE_V2: "81",
  ADD_N: "82",
  GATHER_ND: "83",
  COS: "84",
  WHERE: "85",
  RANK: "86",
  REVERSE_SEQUENCE: "87 seq_dim batch_dim",
  MATRIX_DIAG: "88",
  QUANTIZE: "89",
  MATRIX_SET_DIAG: "90",
  HARD_SWISH: "91",
  IF: "92 then_subgraph_index else_subgraph_index",
  WHILE: "93 cond_subgraph_index body_subgraph_index",
  DEPTH_TO_SPACE: "94 block_size",
  NON_MAX_SUPPRESSION_V4: "95",
  NON_MAX_SUPPRESSION_V5: "96",
  SCATTER_ND: "97",
  SELECT_V2: "98",
  DENSIFY: "99",
  SEGMENT_SUM: "100",
  BATCH_MATMUL: `101 adj_x:bool adj_y:bool ${asymmetric}`,
  CUMSUM: "102 exclusive:bool reverse:bool",
  CALL_ONCE: "103 init_subgraph_index",
  BROADCAST_TO: "104",
  RFFT2D: "105",
  CONV_3D: `106 padding:Padding stride_d ${strides} ${activation} dilation_d_factor=1 dilation_w_factor=1 dilation_h_factor=1`,
  CONV_3D_TRANSPOSE: `106 padding:Padding stride_d ${strides} ${activation} dilation_d_factor=1 dilation_w_factor=1 dilation_h_factor=1`,
  HASHTABLE: "107 table_id key_dtype:Type value_dtype:Type",
  HASHTABLE_FIND: "108",
  HASHTABLE_IMPORT: "109",
  HASHTABLE_SIZE: "110",
  VAR_HANDLE: "111 container:text shared_name:text",
  READ_VARIABLE: "112",
  ASSIGN_VARIABLE: "113",
  RANDOM_STANDARD_NORMAL: "114 seed:long seed2:long",
  RANDOM_UNIFORM: "114 seed:long seed2:long",
  MULTINOMIAL: "114 seed:long seed2:long",
  BUCKETIZE: "115 boundaries:floats",
  GELU: "116 approximate:bool",
  DYNAMIC_UPDATE_SLICE: "117",
  UNSORTED_SEGMENT_PROD: "118",
  UNSORTED_SEGMENT_MAX: "119",
  UNSORTED_SEGMENT_MIN: "120",
  UNSORTED_SEGMENT_SUM: "121",
  ATAN2: "122",
  SIGN: "123",
  BITCAST: "124",
  BITWISE_XOR: "125",
  RIGHT_SHIFT: "126",
};

/**
 * Finds the options table of an operator; undefined for one that has none.
 *
 * @see https://github.com/tensorflow/tensorflow/blob/master/tensorflow/compiler/mlir/lite/schema/schema.fbs
 * @example
 * optionTableOf("SOFTMAX"); // => { tag: 9, fields: [{ name: "beta", type: "float", fallback: 0 }] }
 */
export function optionTableOf(op: string): OptionTable | undefined {
  const row = Object.hasOwn(rows, op) ? rows[op] : undefined;
  if (row === undefined) return undefined;
  const [tag, ...fields] = row.split(" ");
  return { tag: Number(tag), fields: fields.map(parseField) };
}

function parseField(written: string): OptionField {
  const [head = "", fallback = "0"] = written.split("=");
  const [name = "", type = "int"] = head.split(":");
  return { name, type: type as OptionType, fallback: Number(fallback) };
}
