/** Writes pieces of WebAssembly modules. @module */

/** Bytes of a module, nested as they are put together. */
export type Piece = number | Uint8Array | readonly Piece[];

/** An unsigned number as LEB128. */
export function leb(value: number): number[] {
  const bytes: number[] = [];
  for (; value > 0x7f; value >>>= 7) bytes.push((value & 0x7f) | 0x80);
  return [...bytes, value];
}

/** A signed number as LEB128. */
function signed(value: bigint): number[] {
  const bytes: number[] = [];
  for (;; value >>= 7n) {
    const low = Number(value & 0x7fn);
    const sign = (low & 0x40) !== 0 ? -1n : 0n;
    if (value >> 7n === sign) return [...bytes, low];
    bytes.push(low | 0x80);
  }
}

/** The pieces one after the other. */
export function flat(piece: Piece): Uint8Array<ArrayBuffer> {
  const all: Uint8Array[] = [];
  const add = (piece: Piece): void => {
    if (typeof piece === "number") all.push(Uint8Array.of(piece));
    else if (piece instanceof Uint8Array) all.push(piece);
    else piece.forEach(add);
  };
  add(piece);
  const bytes = new Uint8Array(all.reduce((n, { length }) => n + length, 0));
  let at = 0;
  for (const part of all) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** A piece with its size before it: a text, a body, the contents of a section. */
export function sized(piece: Piece): Piece {
  const bytes = flat(piece);
  return [leb(bytes.length), bytes];
}

/** A name. */
export function text(value: string): Piece {
  return sized(new TextEncoder().encode(value));
}

const I32 = 0x7f;
const EMPTY = 0x40;

/** The instructions that the entry of a command takes. */
export const op = {
  unreachable: [0x00],
  end: [0x0b],
  drop: [0x1a],
  add: [0x6a],
  times: [0x6c],
  load: [0x28, 2, 0],
  load8: [0x2d, 0, 0],
  store: [0x36, 2, 0],
  store64: (offset: number): Piece => [0x37, 0, leb(offset)],
  copy: [0xfc, 0x0a, 0, 0],
  fill: [0xfc, 0x0b, 0],
  loop: [0x03, EMPTY],
  again: [0x0d, 0],
  less: [0x49],
  get: (local: number): Piece => [0x20, local],
  set: (local: number): Piece => [0x21, local],
  call: (index: number): Piece => [0x10, leb(index)],
  i32: (value: number): Piece => [0x41, signed(BigInt(value))],
  i64: (value: bigint): Piece => [0x42, signed(value)],
} as const;

/** A function's body with so many locals, all i32; without the size before it. */
export function body(locals: number, code: Piece): Piece {
  const groups = locals === 0 ? [0] : [1, leb(locals), I32];
  return [groups, code, op.end];
}
