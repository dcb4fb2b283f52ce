/**
 * Makes the import function of a row.
 *
 * The path of every syscall is the same (normalise, check, take or execute, commit), but one generic function for all rows can't be
 * inlined by V8: 111 ns a logged clock read against 85 ns for one function a row. So each row gets a function of its own, made from this text.
 *
 * @module
 */
import { mix, mixBytes } from "../bytes/digest.ts";
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { DIVERGED, LIVE, type Messages } from "./messages.ts";
import { argumentBytes, type Syscall } from "./syscall.ts";

/** An import of the guest. */
export type Import = (...args: (number | bigint)[]) => number;

/** Longest path that a call may name, in bytes (PATH_MAX of Linux). */
export const MAX_PATH = 4096;

interface Plan {
  readonly names: string[];
  readonly normalise: string[];
  readonly checks: string[];
  readonly store: string[];
  readonly compare: string[];
  readonly digest: string[];
  readonly bytes: string;
}

/** The import of `row` on a node that logs its outcomes or takes them from the log. */
export function replicated(
  row: Syscall,
  kernel: Kernel,
  messages: Messages,
): Import {
  const plan = planOf(row);
  const args = plan.names.join(",");
  const digest = row.digest ? `d = row.digest(k, d, ${args}) | 0;` : "";
  const differs = ["e === DIVERGED", ...plan.compare].join(" || ");
  const logged = `
    let d = 0;
    ${plan.digest.join("\n")}
    ${digest}
    if (m.following) {
      const e = m.take(id, d, ${plan.bytes});
      if (e !== LIVE) {
        const a = m.args;
        if (${differs}) m.diverge(row, [${args}]);
        if (e !== 0) return e;
        ${row.mirror ? `row.mirror(k, ${args});` : ""}
        const r = commit(k, ${args});
        m.publish();
        return r;
      }
    }
    m.begin(${plan.bytes});
    const e = execute(k, ${args});
    ${row.seal ? `if (e === 0) row.seal(k, ${args});` : ""}
    const a = m.args;
    ${plan.store.join("\n")}
    m.end(id, e, d);
    const r = e === 0 ? commit(k, ${args}) : e;
    m.publish();
    return r;`;
  return build(row, kernel, messages, plan, logged);
}

/** The import of `row` on a node that neither logs nor follows. */
export function solo(row: Syscall, kernel: Kernel): Import {
  const plan = planOf(row);
  const args = plan.names.join(",");
  const direct = `
    const e = execute(k, ${args});
    return e === 0 ? commit(k, ${args}) : e;`;
  return build(row, kernel, undefined, plan, direct);
}

function build(
  row: Syscall,
  kernel: Kernel,
  messages: Messages | undefined,
  plan: Plan,
  logged: string,
): Import {
  const args = plan.names.join(",");
  const body = `
    "use strict";
    const { id, execute, commit } = row;
    return function ${row.name}(${args}) {
      ${plan.normalise.join("\n")}
      ${plan.checks.join("\n")}
      ${
    row.check ? `const c = row.check(k, ${args}); if (c !== 0) return c;` : ""
  }
      ${row.effect === "local" ? `return commit(k, ${args});` : logged}
    };`;
  const make = new Function(
    "row",
    "k",
    "m",
    "mix",
    "mixBytes",
    "LIVE",
    "DIVERGED",
    body,
  );
  return make(row, kernel, messages, mix, mixBytes, LIVE, DIVERGED) as Import;
}

function planOf(row: Syscall): Plan {
  const names: string[] = [],
    normalise: string[] = [],
    checks: string[] = [],
    store: string[] = [];
  const compare: string[] = [], digest: string[] = [], paths: string[] = [];
  let at = 0;
  const word = (name: string) => {
    names.push(name);
    normalise.push(`${name} = ${name} >>> 0;`);
    store.push(`a.setU32(${at}, ${name});`);
    compare.push(`a.u32(${at}) !== ${name}`);
    at += 4;
  };
  const plain = argumentBytes(row);
  let bytes = `${plain}`;
  for (const [i, param] of row.params.entries()) {
    const name = `a${i}`;
    if (param[1] === "u64") {
      names.push(name);
      normalise.push(`${name} = BigInt.asUintN(64, ${name});`);
      store.push(`a.setU64(${at}, ${name});`);
      compare.push(`a.u64(${at}) !== ${name}`);
      at += 8;
    } else if (param[1] === "path") {
      word(name);
      word(`${name}n`);
      checks.push(
        `if (${name}n > ${MAX_PATH}) return ${Errno.nametoolong};`,
        `if (!k.memory.fits(${name}, ${name}n)) return ${Errno.fault};`,
      );
      digest.push(`d = mixBytes(d, k.memory.view, ${name}, ${name}n);`);
      paths.push(`a.write(${bytes}, k.memory.slice(${name}, ${name}n));`);
      bytes += ` + (${name}n + 7 & ~7)`;
    } else {
      word(name);
      if (param[1] === "out") {
        checks.push(
          `if (!k.memory.fits(${name}, ${param[2]})) return ${Errno.fault};`,
        );
      }
    }
  }
  return {
    names,
    normalise,
    checks,
    store: [...store, ...paths],
    compare,
    digest,
    bytes,
  };
}
