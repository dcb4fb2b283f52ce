// Runs a module under node:wasi: node oracle.mjs '{"module", "args", "env", "dirs": [[guest, host]]}'
import { readFileSync } from "node:fs";
import { WASI } from "node:wasi";

const { module, args, env, dirs } = JSON.parse(process.argv[2]);
const wasi = new WASI({
  version: "preview1",
  args: [module, ...args],
  env,
  preopens: Object.fromEntries(dirs),
  returnOnExit: true,
});
const compiled = new WebAssembly.Module(readFileSync(module));
const instance = new WebAssembly.Instance(compiled, wasi.getImportObject());
process.exitCode = wasi.start(instance);
