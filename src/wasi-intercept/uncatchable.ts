import { assert } from "../bytes/assert.ts";
import { Section, section, Type, WASM_HEAD } from "../bytes/wasm.ts";

/**
 * What is thrown through a guest's frames to end its process.
 *
 * A `catch_all` of WebAssembly catches errors of JavaScript, so that a program that catches everything would go on behind its own
 * exit. It catches no trap, which is what each of these is to the engine: the error of one, made another class.
 */
export class Uncatchable extends Error {
  constructor(message?: string) {
    super(message);
    const trap = trapped();
    trap.message = message ?? "";
    return Object.setPrototypeOf(trap, new.target.prototype);
  }
}

const UNREACHABLE = 0x00, END = 0x0b;
/** The section of a start function, which is function 0. */
const START = [8, 1, 0];

/** A module that traps when it is instantiated. */
const TRAPS = new Uint8Array([
  ...WASM_HEAD,
  ...section(Section.types, [[Type.function, 0, 0]]),
  ...section(Section.functions, [[0]]),
  ...START,
  ...section(Section.code, [[3, 0, UNREACHABLE, END]]),
]);

/** The error of a trap; made for each, since most processes throw one at most. */
function trapped(): Error {
  const module = new WebAssembly.Module(TRAPS);
  try {
    new WebAssembly.Instance(module);
  } catch (error) {
    return error as Error;
  }
  assert(false, "a module that traps was instantiated");
}
