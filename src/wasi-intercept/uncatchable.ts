import { assert } from "../bytes/assert.ts";
import { Section, section, text, Type, WASM_HEAD } from "../bytes/wasm.ts";

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

function trapped(): Error {
  try {
    trap();
  } catch (error) {
    return error as Error;
  }
  assert(false, "a function that traps came back");
}

const UNREACHABLE = 0x00, END = 0x0b, FUNCTION = 0;

/** A module whose one function traps. */
const MODULE = new Uint8Array([
  ...WASM_HEAD,
  ...section(Section.types, [[Type.function, 0, 0]]),
  ...section(Section.functions, [[0]]),
  ...section(Section.exports, [[...text("trap"), FUNCTION, 0]]),
  ...section(Section.code, [[3, 0, UNREACHABLE, END]]),
]);

const trap = new WebAssembly.Instance(new WebAssembly.Module(MODULE)).exports
  .trap as () => void;
