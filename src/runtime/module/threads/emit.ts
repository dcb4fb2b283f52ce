/** Instructions as bytes, for code that is made here. @module */
import { leb, signedLeb } from "../../../bytes/wasm.ts";
import { Op } from "../opcodes.ts";
import type { Appended } from "./appended.ts";

/** The type of a block that takes and gives nothing. */
export const VOID = 0x40;

/** An opcode of two parts, as `joinOpcode` joins them. */
export function long(code: number): number[] {
  return [code >>> 12, ...leb(code & 0xfff)];
}

/** `i32.const`, of a signed or an unsigned number of 32 bits. */
export function constant(value: number): number[] {
  return [Op.i32_const, ...signedLeb(value | 0)];
}

/** `call`. */
export function call(index: number): number[] {
  return [Op.call, ...leb(index)];
}

/** `local.get`. */
export function get(local: number): number[] {
  return [Op.local_get, ...leb(local)];
}

/** `local.set`. */
export function set(local: number): number[] {
  return [Op.local_set, ...leb(local)];
}

/** `local.tee`. */
export function tee(local: number): number[] {
  return [Op.local_tee, ...leb(local)];
}

/** Takes one out of the quantum, and goes on to the next one when there was none left. */
export function count({ quantum, functions }: Appended): number[] {
  const index = leb(quantum);
  return [
    ...[Op.global_get, ...index, ...constant(1), Op.i32_sub],
    ...[Op.global_set, ...index, Op.global_get, ...index],
    ...[...constant(0), Op.i32_lt_s, Op.if, VOID],
    ...[...call(functions.spend), Op.end],
  ];
}

/** Takes one out of the counter of a function, a local; leaves the rest on the stack, which is the condition of going on without filling it up. */
export function less(counter: number): number[] {
  return [...get(counter), ...constant(1), Op.i32_sub, ...tee(counter)];
}

/** Fills up the counter, of which nothing is left. */
export function fill(counter: number, { functions }: Appended): number[] {
  return [...call(functions.tick), ...set(counter)];
}

/** The start of an iteration: takes one out of the counter, and fills it up when that was the last. */
export function iterate(counter: number, to: Appended): number[] {
  return [
    ...less(counter),
    Op.i32_eqz,
    Op.if,
    VOID,
    ...fill(counter, to),
    Op.end,
  ];
}

/** Lets the next {@linkcode iterate} fill up the counter. */
export function last(counter: number): number[] {
  return [...constant(1), ...set(counter)];
}
