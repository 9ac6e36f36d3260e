/** Which code vectors suit many residuals best: one product of matrices, by onnxruntime. */
import { CODES } from '../../../worker/engine/coded-table.ts';
import { type Runtime, type Session, Tensor } from '../../../worker/engine/runtime.ts';
import { Graph, Weights } from '../graph.ts';

export class BestCodes {
  private readonly runtime: Runtime;
  private readonly session: Session;
  private readonly width: number;

  private constructor(runtime: Runtime, session: Session, width: number) {
    this.runtime = runtime;
    this.session = session;
    this.width = width;
  }

  static async create(runtime: Runtime, width: number): Promise<BestCodes> {
    const graph = new Graph('codes', new Weights());
    const residuals = graph.input('residuals', 'float32', ['residuals', width]);
    const codes = graph.input('codes', 'float32', [width, CODES]);
    const halves = graph.input('halves', 'float32', [1, CODES]);
    const errors = graph.input('errors', 'float32', ['residuals', 1]);
    const shape = graph.input('shape', 'int64', [2]);
    const most = graph.input('most', 'int64', [1]);
    // Minus half of each error: r c - |c|^2 / 2 - |r|^2 / 2.
    const products = graph.node('MatMul', [residuals, codes]);
    const scores = graph.node('Sub', [graph.node('Sub', [products, halves]), errors]);
    const perRow = graph.node('Reshape', [scores, shape]);
    const [, places] = graph.nodeWithOutputs('TopK', [perRow, most], 2);
    graph.output(places, 'places', 'int64', ['rows', 'most']);
    return new BestCodes(runtime, await runtime.createSession(graph.encode(), {}), width);
  }

  /**
   * Of rows with `each` residuals, [rows x each x width], the `most` best pairs of a residual and a code
   * vector, [rows x most]: residual * CODES + code, the pair of the smallest error first.
   */
  async of(residuals: Float32Array, each: number, codes: Float32Array, most: number): Promise<Int32Array> {
    const { width } = this;
    const count = residuals.length / width;
    const columns = new Float32Array(codes.length);
    const halves = new Float32Array(CODES);
    for (let code = 0; code < CODES; code++) {
      for (let c = 0; c < width; c++) {
        const value = codes[code * width + c];
        columns[c * CODES + code] = value;
        halves[code] += (value * value) / 2;
      }
    }
    const errors = new Float32Array(count);
    if (each > 1) {
      for (let at = 0; at < residuals.length; at++) errors[Math.floor(at / width)] += residuals[at] ** 2 / 2;
    }
    const int64 = (...values: number[]) =>
      new Tensor('int64', BigInt64Array.from(values, BigInt), [values.length]);
    const { places } = await this.runtime.run(this.session, {
      residuals: new Tensor('float32', residuals, [count, width]),
      codes: new Tensor('float32', columns, [width, CODES]),
      halves: new Tensor('float32', halves, [1, CODES]),
      errors: new Tensor('float32', errors, [count, 1]),
      shape: int64(count / each, each * CODES),
      most: int64(most),
    });
    return Int32Array.from(places.data as BigInt64Array, Number);
  }

  release(): Promise<void> {
    return this.runtime.release(this.session);
  }
}
