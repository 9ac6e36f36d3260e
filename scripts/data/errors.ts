import { UserError } from '../errors.ts';

/** Something wrong with the user's data. */
export class DataError extends UserError {
  override name = 'DataError';
}

/** A line of an input file, counted from 1. */
export interface Place {
  file: string;
  line: number;
}

/** Stops the run at a malformed row. @throws {DataError} `file:line: field: reason` */
export function fail({ file, line }: Place, field: string, reason: string): never {
  throw new DataError(`${file}:${line}: ${field}: ${reason}`);
}

/** A value as shown in a message: quoted, short, without characters that would act on a terminal. */
export function quote(value: string): string {
  const short = value.length > 60 ? `${value.slice(0, 60)}…` : value;
  return JSON.stringify(short).replace(/\p{Cc}/gu, '\ufffd');
}
