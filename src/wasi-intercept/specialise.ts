/**
 * Makes the import function of a row.
 *
 * The path of every syscall is the same (normalise, check, take or execute, commit), but one generic function for all rows can't be
 * inlined by V8: 111 ns a logged clock read against 85 ns for one function a row. So each row gets a function of its own, made from this text.
 *
 * @module
 */
import { mix } from "../bytes/digest.ts";
import { NO_HANDLE } from "./descriptors.ts";
import { Errno } from "./errno.ts";
import type { Kernel } from "./kernel.ts";
import { refusal } from "./rights.ts";
import { LIVE, type Messages, OTHERS } from "./messages.ts";
import { argumentBytes, INTENT, type Syscall } from "./syscall.ts";
import { WAITS } from "./waiting.ts";

/** An import of the guest; of a row that waits it may give {@linkcode WAITS} instead of an errno, and is then called again. */
export type Import = (...args: (number | bigint)[]) => number;

/** Longest path that a call may name, in bytes (PATH_MAX of Linux). */
export const MAX_PATH = 4096;

interface Plan {
  readonly names: string[];
  readonly normalise: string[];
  readonly checks: string[];
  readonly rights: string[];
  readonly store: string[];
  /** Leaves for a divergence unless the message's arguments are the call's. */
  readonly compared: string;
  readonly digest: string[];
  readonly bytes: string;
  /** Finds what the call acts on, `o`, and whether that stands on shared storage, `s`. */
  readonly shared: string;
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
  const others = row.parks === "waits" && !kernel.waiting.alone
    ? `if (e === ${OTHERS}) return ${WAITS};`
    : "";
  const logged = `
    let d = 0;
    ${plan.digest.join("\n")}
    ${digest}
    ${plan.shared}
    ${row.intent ? intending(row, plan) : ""}
    if (m.following) {
      const e = m.take(id, d, ${plan.bytes});
      if (e !== LIVE) {
        ${others}
        ${plan.compared}
        if (e !== 0) return e;
        k.opened = ${NO_HANDLE};
        ${row.mirror ? `if (!s) row.mirror(k, ${args});` : ""}
        const r = commit(k, ${args});
        m.publish();
        return r;
      }
    }
    ${performing(row, plan)}`;
  return build(row, kernel, messages, plan, logged);
}

/** Whether what the call acts on may be a file or a directory. */
function isStorage(row: Syscall): boolean {
  return row.mirror !== undefined;
}

/** Whether this node, a new primary, found gone what the call acts on. */
function lost({ params }: Syscall): string {
  const second = params.findIndex(([name]) => name === "new_fd");
  const first = `o.handle === ${NO_HANDLE}`;
  return second < 0
    ? first
    : `${first} || k.fds.get(a${second}).handle === ${NO_HANDLE}`;
}

/** Executes the call and logs its outcome. */
function performing(row: Syscall, { names, bytes, store }: Plan): string {
  const args = names.join(",");
  const execute = `execute(k, ${args})`;
  const found = `s && (${lost(row)}) ? ${Errno.stale} : ${execute}`;
  return `
    m.begin(${bytes});
    const e = ${isStorage(row) ? found : execute};
    ${row.parks === "waits" ? `if (e === ${WAITS}) return e;` : ""}
    ${row.seal ? `if (e === 0) row.seal(k, ${args});` : ""}
    const a = m.args;
    ${store.join("\n")}
    m.end(id, e, d);
    ${row.intent ? "k.again = false;" : ""}
    const r = e === 0 ? commit(k, ${args}) : e;
    m.publish();
    return r;`;
}

/** A change of shared storage: its intent, the permission to act on it, then the outcome. */
function intending(row: Syscall, plan: Plan): string {
  const { names, bytes, store, compared } = plan;
  const args = names.join(",");
  const { applies, look } = row.intent ?? {};
  const looked = look ? `row.intent.look(k, ${args})` : "0";
  return `
    if (s && k.intents${applies ? ` && row.intent.applies(k, ${args})` : ""}) {
      if (m.following) {
        let e = m.take(id + ${INTENT}, d, ${bytes});
        if (e !== LIVE) {
          { ${compared} }
          if (e !== 0) return e;
          k.intent.copy(k.data);
          e = m.take(id, d, ${bytes});
          if (e !== LIVE) {
            { ${compared} }
            if (e !== 0) return e;
            k.opened = ${NO_HANDLE};
            const r = commit(k, ${args});
            m.publish();
            return r;
          }
          k.again = true;
        }
      }
      if (!k.again) {
        m.begin(${bytes});
        k.data.size = 0;
        const e = ${lost(row)} ? ${Errno.stale} : ${looked};
        const a = m.args;
        ${store.join("\n")}
        m.end(id + ${INTENT}, e, d);
        k.intent.copy(k.data);
        m.publish();
        if (e !== 0) return e;
      }
      k.outputs.permit();
      ${performing(row, plan)}
    }`;
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
      ${plan.rights.join("\n")}
      ${row.effect === "local" ? `return commit(k, ${args});` : logged}
    };`;
  const make = new Function(
    "row",
    "k",
    "m",
    "mix",
    "LIVE",
    "refusal",
    body,
  );
  return make(
    ...[row, kernel, messages, mix, LIVE, refusal],
  ) as Import;
}

/** Refuses the descriptor `name` unless it has what is needed. */
function checkOf(name: string, needed: readonly number[]): string {
  const lacks = needed.map((bits) => `(r.rights & ${bits}) === 0`);
  return `{ const r = k.fds.get(${name}); if (r === undefined || ${
    lacks.join(" || ")
  }) return refusal(r, ${needed.join(", ")}); }`;
}

function planOf(row: Syscall): Plan {
  const names: string[] = [],
    normalise: string[] = [],
    checks: string[] = [],
    rights: string[] = [],
    store: string[] = [];
  const compare: string[] = [], digest: string[] = [], paths: string[] = [];
  let at = 0, on = "a0";
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
      digest.push(`d = k.memory.mix(d, ${name}, ${name}n);`);
      paths.push(`a.write(${bytes}, k.memory.slice(${name}, ${name}n));`);
      bytes += ` + (${name}n + 7 & ~7)`;
    } else {
      word(name);
      if (param[0] === "fd") on = name;
      const needed = row.needs?.[param[0]];
      if (needed !== undefined) rights.push(checkOf(name, needed));
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
    rights,
    store: [...store, ...paths],
    compared: `const a = m.args; if (${
      [`e < LIVE`, ...compare].join(" || ")
    }) m.diverge(row, [${names.join(",")}]);`,
    digest,
    bytes,
    shared: isStorage(row)
      ? `const o = k.fds.get(${on}), s = o !== undefined && o.shared !== undefined;`
      : "",
  };
}
