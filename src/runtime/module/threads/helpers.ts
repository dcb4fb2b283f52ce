import { leb, Type } from "../../../bytes/wasm.ts";
import { Op } from "../opcodes.ts";
import { Hook, TRAP } from "./abi.ts";
import type { Appended, FUNCTIONS, TYPES } from "./appended.ts";
import { call, constant, get, long, set, tee, VOID } from "./emit.ts";

/** How many iterations the counter of a function takes out of the quantum at once; in fine mode it takes each alone. */
const BATCH = 256;
/** What `memory.grow` gives when it fails. */
const FAILED = -1;
/** What a wait gives when the value is another than expected. */
const NOT_EQUAL = 1;
/** The largest offset: added to the largest address, it is past the end of every memory whose addresses have 32 bits. */
const FAR = leb(0xffffffff);

/** Memargs of four and of eight bytes, aligned and without an offset. */
const FOUR = [2, 0];
const EIGHT = [3, 0];

/** The body of each appended function: its locals and instructions. */
export function helperBodies(
  to: Appended,
  fine: boolean,
): Record<keyof typeof FUNCTIONS, number[]> {
  return {
    tick: tick(to, fine ? 1 : BATCH),
    spend: spend(to),
    address: address(),
    wait32: wait(to, [...long(Op.i32_atomic_load), ...FOUR], Op.i32_ne),
    wait64: wait(to, [...long(Op.i64_atomic_load), ...EIGHT], Op.i64_ne),
    notify: notify(to),
    grow: grow(to),
  };
}

/** `() -> i32`: takes up to `batch` iterations out of the quantum, or out of the next one; gives how many, this one included. */
function tick(to: Appended, batch: number): number[] {
  const quantum = [Op.global_get, ...leb(to.quantum)];
  const setQuantum = [Op.global_set, ...leb(to.quantum)];
  return body(
    [Type.i32],
    [...quantum, ...constant(0), Op.i32_le_s, Op.if, VOID],
    [...hook(to, "yield", "number"), ...setQuantum, Op.end],
    [...quantum, ...constant(batch)],
    [...quantum, ...constant(batch), Op.i32_lt_s, Op.select, ...set(0)],
    [...quantum, ...get(0), Op.i32_sub, ...setQuantum],
    get(0),
  );
}

/** `() -> ()`: goes on to the next quantum, and takes one out of it. */
function spend(to: Appended): number[] {
  const next = [...hook(to, "yield", "number"), ...constant(1), Op.i32_sub];
  return body([], [...next, Op.global_set, ...leb(to.quantum)]);
}

/** `(address, offset) -> i32`: their sum; traps like an access there when it is past 2^32. */
function address(): number[] {
  return body(
    [],
    [...get(0), ...get(1), Op.i32_add, ...tee(0)],
    [...get(1), Op.i32_lt_u, Op.if, VOID],
    [...constant(-1), Op.i32_load8_u, 0, ...FAR, Op.drop, Op.end],
    get(0),
  );
}

/** `(address, expected, timeout, offset) -> i32`: as `memory.atomic.wait` (threads proposal), by the hook. */
function wait(
  to: Appended,
  load: readonly number[],
  differs: number,
): number[] {
  return body(
    [],
    [...get(0), ...get(3), ...call(to.functions.address), ...tee(0), ...load],
    [...get(1), differs, Op.if, Type.i32, ...constant(NOT_EQUAL), Op.else],
    [...get(0), ...get(2), ...hook(to, "wait", "park"), ...tee(0)],
    [...constant(TRAP), Op.i32_eq, Op.if, VOID, Op.unreachable, Op.end],
    [...get(0), Op.end],
  );
}

/** `(address, count, offset) -> i32`: as `memory.atomic.notify` (threads proposal), by the hook. */
function notify(to: Appended): number[] {
  return body(
    [],
    [...get(0), ...get(2), ...call(to.functions.address), ...tee(0)],
    [...long(Op.i32_atomic_load), ...FOUR, Op.drop],
    [...get(0), ...get(1), ...hook(to, "notify", "address")],
  );
}

/** `(pages) -> i32`: as `memory.grow` of memory 0; then tells the hook. */
function grow(to: Appended): number[] {
  return body(
    [],
    [...get(0), Op.memory_grow, 0, ...tee(0)],
    [...constant(FAILED), Op.i32_ne, Op.if, VOID],
    [...hook(to, "grown", "nothing"), Op.end],
    get(0),
  );
}

/** A call of a hook, whose arguments are on the stack. */
function hook(
  { types, hooks }: Appended,
  name: keyof typeof Hook,
  type: keyof typeof TYPES,
): number[] {
  const what = [...leb(types[type]), ...leb(hooks)];
  return [...constant(Hook[name]), Op.call_indirect, ...what];
}

function body(
  locals: readonly number[],
  ...code: readonly (readonly number[])[]
): number[] {
  const groups = locals.flatMap((type) => [1, type]);
  return [...leb(locals.length), ...groups, ...code.flat(), Op.end];
}
