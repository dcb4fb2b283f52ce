import { test } from "uvu";
import * as assert from "uvu/assert";
import {
  Instructions,
  skipLocals,
} from "../../src/runtime/module/instructions.ts";
import { Reader } from "../../src/runtime/module/reader.ts";
import { moduleProblem } from "../../src/runtime/module/refuse.ts";
import {
  elements,
  readBody,
  readImport,
  SectionId,
  sections,
} from "../../src/runtime/module/sections.ts";

const GUESTS = new URL("../../guests/dist/", import.meta.url);
const FUNCTIONS = 3;

/** The paths of all wasm files of a folder. */
function wasmIn(folder: URL): URL[] {
  return [...Deno.readDirSync(folder)]
    .filter(({ name }) => name.endsWith(".wasm"))
    .map(({ name }) => new URL(name, folder));
}

/** The compiler's own modules, from the cache of npm packages. */
function compilerModules(): URL[] {
  return wasmIn(new URL("../gen/", import.meta.resolve("@yowasp/clang")));
}

/** Walks all of a module; gives the functions walked, as the code section counts and as the function section does. */
function walk(bytes: Uint8Array) {
  let functions = 0;
  let declared = 0;
  let instructions = 0;
  for (const section of sections(bytes)) {
    if (section.id === SectionId.imports) {
      for (const { name } of elements(bytes, section, readImport)) {
        assert.type(name, "string");
      }
    }
    if (section.id === FUNCTIONS) {
      declared = new Reader(bytes, section.start, section.end).u32();
    }
    if (section.id !== SectionId.code) continue;
    for (const { start, end } of elements(bytes, section, readBody)) {
      const reader = new Reader(bytes, start, end);
      skipLocals(reader);
      const walk = new Instructions(reader);
      while (walk.next()) instructions++;
      if (reader.at !== end) throw new Error(`the body at ${start} goes on`);
      functions++;
    }
  }
  return { functions, declared, instructions };
}

test("every body of real modules is walked to its last byte, and all functions are", () => {
  for (const folder of [wasmIn(GUESTS), compilerModules()]) {
    let total = 0;
    for (const file of folder) {
      const bytes = Deno.readFileSync(file);
      const { functions, declared, instructions } = walk(bytes);
      assert.is(functions, declared, file.href);
      assert.is(moduleProblem(bytes), undefined, file.href);
      total += instructions;
    }
    assert.ok(total > 10_000, `${total} instructions`);
  }
});

test.run();
