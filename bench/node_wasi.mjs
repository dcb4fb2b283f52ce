// A peer of the bench: MODULE under node:wasi, in Node or in Deno. DIR is the guest's /; an empty one is none.
import { readFileSync } from "node:fs";
import process from "node:process";
import { WASI } from "node:wasi";

const [module, dir, ...args] = process.argv.slice(2);
// It warns that it is experimental.
process.emitWarning = () => {};
const wasi = new WASI({
  version: "preview1",
  args: [module, ...args],
  preopens: dir === "" ? {} : { "/": dir },
  returnOnExit: true,
});
const compiled = new WebAssembly.Module(readFileSync(module));
const instance = new WebAssembly.Instance(compiled, wasi.getImportObject());
process.exitCode = wasi.start(instance);
