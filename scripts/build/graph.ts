/** Writes an ONNX graph node by node, straight into protobuf. Weights go to a file that graphs share. */
import { createHash } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import protobuf from 'protobufjs';
import { WEIGHTS_FILE } from '../../worker/engine/config.ts';

/** `TensorProto.DataType` numbers of the types that the graphs use. */
const DATA_TYPE = { float32: 1, uint8: 2, int8: 3, int32: 6, int64: 7 } as const;
export type ElementType = keyof typeof DATA_TYPE;

/** Bytes per element. */
const SIZE: Record<ElementType, number> = { float32: 4, uint8: 1, int8: 1, int32: 4, int64: 8 };

/** A constant: `data` holds the elements row by row. */
export interface Constant {
  type: ElementType;
  dims: number[];
  data: Float32Array | Uint8Array | Int8Array | Int32Array | BigInt64Array;
}

/** A number is written as an int; `{ float }` as a float. */
export type Attribute = number | string | number[] | { float: number };

const ModelProto = protobuf
  .loadSync(fileURLToPath(new URL('onnx.proto', import.meta.url)))
  .lookupType('onnx.ModelProto');

/** A constant whose elements are in a file of its own, row by row from `offset`. */
export interface ExternalConstant {
  type: ElementType;
  dims: number[];
  file: string;
  offset: number;
}

/**
 * Larger constants go to the weights file. Shapes are small, and the runtime must find them inside the graph.
 */
const INLINE_BYTES = 256;
/** External tensors begin at multiples of this, so that a view of any element type is aligned. */
const ALIGNMENT = 64;

/** The file of constants behind several graphs. Equal constants are stored once. */
export class Weights {
  private readonly parts: Uint8Array[] = [];
  private readonly offsets = new Map<string, number>();
  private length = 0;

  add(bytes: Uint8Array): number {
    const digest = createHash('sha256').update(bytes).digest('hex');
    const known = this.offsets.get(digest);
    if (known !== undefined) return known;
    const offset = this.length;
    const padded = Math.ceil(bytes.length / ALIGNMENT) * ALIGNMENT;
    const part = new Uint8Array(padded);
    part.set(bytes);
    this.parts.push(part);
    this.offsets.set(digest, offset);
    this.length += padded;
    return offset;
  }

  bytes(): Uint8Array {
    return Buffer.concat(this.parts);
  }
}

/** Builds one graph. Every method that adds a node returns the name of its output. */
export class Graph {
  private readonly name: string;
  private readonly weights: Weights;
  private readonly nodes: object[] = [];
  private readonly initializers: object[] = [];
  private readonly inputs: object[] = [];
  private readonly outputs: object[] = [];
  private readonly names = new Map<string, number>();

  constructor(name: string, weights: Weights) {
    this.name = name;
    this.weights = weights;
  }

  input(name: string, type: ElementType, dims: (number | string)[]): string {
    this.inputs.push(valueInfo(name, type, dims));
    return name;
  }

  output(value: string, name: string, type: ElementType, dims: (number | string)[]): void {
    this.nodes.push({ opType: 'Identity', input: [value], output: [name], name: `output.${name}` });
    this.outputs.push(valueInfo(name, type, dims));
  }

  constant(name: string, { type, dims, data }: Constant): string {
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    if (bytes.length > INLINE_BYTES) {
      return this.external(name, { type, dims, file: WEIGHTS_FILE, offset: this.weights.add(bytes) });
    }
    const unique = this.unique(name);
    this.initializers.push({ name: unique, dims, dataType: DATA_TYPE[type], rawData: bytes });
    return unique;
  }

  external(name: string, { type, dims, file, offset }: ExternalConstant): string {
    const unique = this.unique(name);
    const length = dims.reduce((product, dim) => product * dim, SIZE[type]);
    const entries = { location: file, offset: `${offset}`, length: `${length}` };
    const externalData = Object.entries(entries).map(([key, value]) => ({ key, value }));
    const tensor = { name: unique, dims, dataType: DATA_TYPE[type] };
    this.initializers.push({ ...tensor, externalData, dataLocation: 1 });
    return unique;
  }

  /** A float32 constant; a scalar has no dims. */
  floats(name: string, values: ArrayLike<number>, dims: number[]): string {
    return this.constant(name, { type: 'float32', dims, data: Float32Array.from(values) });
  }

  /** A small int64 constant, as shapes, axes and indices are. */
  ints(name: string, values: number[], dims: number[] = [values.length]): string {
    return this.constant(name, { type: 'int64', dims, data: BigInt64Array.from(values, BigInt) });
  }

  /** Adds a node with one output. `op` is an operator's name, for the contrib ones `com.microsoft.Name`. */
  node(op: string, input: string[], attributes: Record<string, Attribute> = {}): string {
    return this.nodeWithOutputs(op, input, 1, attributes)[0];
  }

  /**
   * Adds a node with `count` outputs. Those at `unread` are left out and not allocated, which the operator
   * must allow.
   */
  nodeWithOutputs(
    op: string,
    input: string[],
    count: number,
    attributes: Record<string, Attribute> = {},
    unread: number[] = [],
  ): string[] {
    const name = this.unique(op.slice(op.lastIndexOf('.') + 1));
    const output = Array.from({ length: count }, (_, i) => (count === 1 ? name : `${name}.${i}`));
    for (const i of unread) output[i] = '';
    this.add(op, name, input, output, attributes);
    return output;
  }

  /** Adds a node whose output is both an output of the graph and read inside. `output` would copy it. */
  outputNode(
    op: string,
    input: string[],
    attributes: Record<string, Attribute>,
    name: string,
    type: ElementType,
    dims: (number | string)[],
  ): string {
    this.add(op, `output.${name}`, input, [name], attributes);
    this.outputs.push(valueInfo(name, type, dims));
    return name;
  }

  /** The finished `ModelProto`. */
  encode(): Uint8Array {
    const message = ModelProto.create({
      irVersion: 10,
      producerName: 'earn-edge',
      opsetImport: [
        { domain: '', version: 21 },
        { domain: 'com.microsoft', version: 1 },
      ],
      graph: {
        name: this.name,
        node: this.nodes,
        initializer: this.initializers,
        input: this.inputs,
        output: this.outputs,
      },
    });
    return ModelProto.encode(message).finish();
  }

  private add(
    op: string,
    name: string,
    input: string[],
    output: string[],
    attributes: Record<string, Attribute>,
  ): void {
    const dot = op.lastIndexOf('.');
    const [domain, opType] = [op.slice(0, Math.max(0, dot)), op.slice(dot + 1)];
    const attribute = Object.entries(attributes).map(([key, value]) => attributeProto(key, value));
    this.nodes.push({ opType, domain, name, input, output, attribute });
  }

  private unique(name: string): string {
    const times = this.names.get(name) ?? 0;
    this.names.set(name, times + 1);
    return times === 0 ? name : `${name}_${times}`;
  }
}

function valueInfo(name: string, type: ElementType, dims: (number | string)[]): object {
  const dim = dims.map((d) => (typeof d === 'number' ? { dimValue: d } : { dimParam: d }));
  return { name, type: { tensorType: { elemType: DATA_TYPE[type], shape: { dim } } } };
}

/** `AttributeProto.type`: 1 float, 2 int, 3 string, 7 ints. */
function attributeProto(name: string, value: Attribute): object {
  if (typeof value === 'string') return { name, type: 3, s: Buffer.from(value) };
  if (typeof value === 'number') return { name, type: 2, i: value };
  return Array.isArray(value) ? { name, type: 7, ints: value } : { name, type: 1, f: value.float };
}
