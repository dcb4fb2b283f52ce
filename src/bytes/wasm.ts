/** The binary format of WebAssembly, as far as modules that are made here need it. @module */

/** The magic number and the version that every module starts with. */
export const WASM_HEAD: readonly number[] = [0, 0x61, 0x73, 0x6d, 1, 0, 0, 0];

/** Ids of sections. */
export const Section = {
  types: 1,
  imports: 2,
  functions: 3,
  exports: 7,
  code: 10,
} as const;

/** Types, and what starts the type of a function. */
export const Type = {
  i32: 0x7f,
  i64: 0x7e,
  v128: 0x7b,
  function: 0x60,
} as const;

/** An unsigned number below 2^32, as LEB128. */
export function leb(n: number): number[] {
  return n < 0x80 ? [n] : [(n & 0x7f) | 0x80, ...leb(n >>> 7)];
}

/** A signed number of 32 bits, as LEB128. */
export function signedLeb(n: number): number[] {
  const fits = n >= -64 && n < 64;
  return fits ? [n & 0x7f] : [(n & 0x7f) | 0x80, ...signedLeb(n >> 7)];
}

/** A section of `items`. */
export function section(id: number, items: readonly number[][]): number[] {
  const body = [...leb(items.length), ...items.flat()];
  return [id, ...leb(body.length), ...body];
}

/** A name of less than 128 bytes. */
export function text(name: string): number[] {
  return [name.length, ...new TextEncoder().encode(name)];
}
