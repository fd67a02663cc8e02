import { isUtf8 } from 'node:buffer';
import { type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import type { WireFailure } from './failure.ts';
import { readVarint, readWireField, type WireField, wireType } from './wire-field.ts';

/** What may stand in a message, made once from its description by {@link shapeOf}. */
export interface MessageShape {
  readonly name: string;
  readonly fields: ReadonlyMap<number, FieldShape>;
  /** Names of its choices; each must have exactly one member. */
  readonly choices: readonly string[];
}

interface FieldShape {
  readonly name: string;
  readonly type: number;
  readonly string: boolean;
  readonly enumeration?: ReadonlySet<number>;
  readonly child?: MessageShape;
  /** Index into the choices of the message. */
  readonly choice: number;
}

const mapEntryShape: MessageShape = {
  name: 'map entry',
  choices: [],
  fields: new Map([
    [1, { name: 'key', type: wireType.length, string: true, choice: -1 }],
    [2, { name: 'value', type: wireType.length, string: true, choice: -1 }],
  ]),
};

/** Shape of a message type and all below it. USP has no recursive types and only string-to-string maps. */
export function shapeOf(description: DescMessage): MessageShape {
  return {
    name: description.name,
    choices: description.oneofs.map((oneof) => oneof.name),
    fields: new Map(
      description.fields.map((field) => [
        field.number,
        fieldShape(field, field.oneof ? description.oneofs.indexOf(field.oneof) : -1),
      ]),
    ),
  };
}

function fieldShape(field: DescField, choice: number): FieldShape {
  const { name } = field;
  if (field.fieldKind === 'map') {
    return { name, type: wireType.length, string: false, child: mapEntryShape, choice };
  }
  if (field.message) return { name, type: wireType.length, string: false, child: shapeOf(field.message), choice };
  if (field.enum) {
    const enumeration = new Set(field.enum.values.map((value) => value.number));
    return { name, type: wireType.varint, string: false, enumeration, choice };
  }
  switch (field.scalar) {
    case ScalarType.STRING:
      return { name, type: wireType.length, string: true, choice };
    case ScalarType.BYTES:
      return { name, type: wireType.length, string: false, choice };
    case ScalarType.FIXED32:
      return { name, type: wireType.fixed32, string: false, choice };
    default:
      return { name, type: wireType.varint, string: false, choice };
  }
}

/**
 * Most fields of a message, nested ones included. Each becomes an object, so that 1 MiB of empty ones would hold up the
 * process for long; an honest message of that size, a whole data model, has fewer.
 */
export const mostFields = 100_000;

/**
 * Checks bytes against a shape before they are decoded: what passes here decodes without an error.
 * Says more than a decoder would, which takes the last of two members of a choice and knows no offsets.
 */
export function scan(shape: MessageShape, bytes: Uint8Array): WireFailure | undefined {
  return scanRange(shape, bytes, 0, bytes.length, { fields: mostFields });
}

/** What is still allowed in a message. */
interface Budget {
  fields: number;
}

function scanRange(
  shape: MessageShape,
  bytes: Uint8Array,
  start: number,
  end: number,
  budget: Budget,
): WireFailure | undefined {
  let chosen = 0;
  let pos = start;
  while (pos < end) {
    const field = readWireField(bytes, pos, end);
    if ('reason' in field) return field;
    if (--budget.fields < 0) return fail('too-large', `more than ${mostFields} fields`, pos);
    const known = shape.fields.get(field.number);
    if (known) {
      if (known.choice >= 0) {
        const bit = 1 << known.choice;
        if (chosen & bit) return fail('choice-repeated', `${shape.name}.${shape.choices[known.choice]} twice`, pos);
        chosen |= bit;
      }
      const wrong = scanField(shape, known, bytes, field, budget);
      if (wrong) return wrong;
    }
    pos = field.end;
  }
  for (let i = 0; i < shape.choices.length; i++) {
    if (!(chosen & (1 << i))) return fail('choice-missing', `${shape.name}.${shape.choices[i]} has no member`, start);
  }
  return undefined;
}

function scanField(
  shape: MessageShape,
  known: FieldShape,
  bytes: Uint8Array,
  field: WireField,
  budget: Budget,
): WireFailure | undefined {
  const where = `${shape.name}.${known.name}`;
  if (field.type !== known.type) return fail('wire-format', `${where} has wire type ${field.type}`, field.start);
  if (known.child) return scanRange(known.child, bytes, field.start, field.end, budget);
  if (known.string) {
    for (let i = field.start; i < field.end; i++) {
      if ((bytes[i] ?? 0) < 0x80) continue;
      if (isUtf8(bytes.subarray(field.start, field.end))) break;
      return fail('not-utf8', `${where} is not UTF-8`, field.start);
    }
    return undefined;
  }
  if (known.enumeration) {
    const value = readVarint(bytes, field.start, field.end);
    if (typeof value !== 'number') return value;
    if (!known.enumeration.has(value)) return fail('unknown-enum', `${where} is ${value}`, field.start);
  }
  return undefined;
}

function fail(reason: WireFailure['reason'], message: string, offset: number): WireFailure {
  return { reason, message, offset };
}
