/** JSON schemas as the reference shows them: one row a field. */
import type { Document } from './operations.ts';

/** The keywords that zod's schemas have. */
export interface Schema {
  $ref?: string;
  type?: string | string[];
  enum?: unknown[];
  const?: unknown;
  anyOf?: Schema[];
  properties?: Record<string, Schema>;
  required?: string[];
  items?: Schema;
  description?: string;
  default?: unknown;
  minimum?: number;
  maximum?: number;
  minLength?: number;
  maxLength?: number;
  minItems?: number;
  maxItems?: number;
}

export interface Field {
  name: string;
  /** Type and limits in words. */
  type: string;
  required: boolean;
  description: string;
  /** Of an object, or of a list's objects. */
  fields: Field[];
}

export type Resolve = (schema: Schema) => Schema;

/** Follows a reference into the document's components. */
export function resolver({ components }: Document): Resolve {
  return (schema) => {
    const name = schema.$ref?.split('/').at(-1);
    return name === undefined ? schema : (components?.schemas?.[name] as Schema);
  };
}

/** The fields of an object, or of the objects of a list. */
export function fieldsOf(schema: Schema, resolve: Resolve): Field[] {
  const { properties, items, anyOf, required = [] } = resolve(schema);
  if (items) return fieldsOf(items, resolve);
  if (anyOf) return fieldsOf(anyOf[0], resolve);
  return Object.entries(properties ?? {}).map(([name, property]) => {
    const field = resolve(property);
    return {
      name,
      type: typeOf(field, resolve),
      required: required.includes(name),
      description: field.description ?? '',
      fields: fieldsOf(field, resolve),
    };
  });
}

/** `list of text, up to 1000 entries; default []` */
export function typeOf(schema: Schema, resolve: Resolve): string {
  const { default: usual } = schema;
  const parts = [kindOf(schema, resolve), limitsOf(schema)].filter(Boolean).join(', ');
  return usual === undefined ? parts : `${parts}; default ${JSON.stringify(usual)}`;
}

const KINDS: Record<string, string> = { string: 'text', object: 'object', null: 'null' };

function kindOf(schema: Schema, resolve: Resolve): string {
  const { type, enum: values, anyOf, items } = resolve(schema);
  if (values) return values.map((value) => JSON.stringify(value)).join(' or ');
  if (anyOf) return anyOf.map((one) => kindOf(one, resolve)).join(' or ');
  const kinds = [type ?? 'anything'].flat();
  return kinds
    .map((kind) => (kind === 'array' ? `list of ${kindOf(items ?? {}, resolve)}` : (KINDS[kind] ?? kind)))
    .join(' or ');
}

function limitsOf(schema: Schema): string {
  const { minimum, maximum, minLength, maxLength, minItems, maxItems } = schema;
  return [
    range(minimum, maximum, ''),
    range(minLength, maxLength, ' characters'),
    range(minItems, maxItems, ' entries'),
  ]
    .filter(Boolean)
    .join(', ');
}

/** Integers without a limit have the largest safe ones as theirs, which says nothing. */
function range(least: number | undefined, most: number | undefined, unit: string): string {
  const [from, to] = [least, most].map((limit) => (Number.isSafeInteger(limit! + 1) ? limit : undefined));
  if (from !== undefined && to !== undefined) return `${from} to ${to}${unit}`;
  if (to !== undefined) return `up to ${to}${unit}`;
  return from === undefined ? '' : `${from} or more${unit}`;
}
