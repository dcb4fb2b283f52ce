import {
  type Argument,
  type Call,
  outcomeOf,
} from "../../wasi-intercept/describe.ts";
import { FileType } from "../../wasi-intercept/descriptors.ts";
import type { Item } from "../../wasi-intercept/outcome.ts";
import { plain } from "../../wasi-intercept/quote.ts";
import type { GuestConfig } from "../guest/config.ts";

/** What is known of a descriptor. */
interface Known {
  readonly name: string;
  /** A file of a directory of which each node has a copy: its contents are not in the log. */
  readonly mirroredFile: boolean;
  /** Whether what is below it, a directory, is mirrored. */
  readonly mirrored: boolean;
}

/** A call with what the calls before it tell of its descriptors. */
export interface SeenCall {
  readonly call: Call;
  readonly items: readonly Item[];
  /** What the arguments that are descriptors stand for, by parameter. */
  readonly names: ReadonlyMap<string, string>;
  /** The descriptor that it made. */
  readonly added:
    | { readonly fd: number; readonly name: string }
    | undefined;
}

function stream(name: string): Known {
  return { name, mirroredFile: false, mirrored: false };
}

function below(base: Known | undefined, path: Uint8Array): string {
  const name = base?.name ?? "?";
  return name.endsWith("/") ? name + plain(path) : `${name}/${plain(path)}`;
}

/** The descriptors of a guest by what is logged of it: numbers are given lowest first, as the guest's are. */
export class OpenFds {
  readonly #open: (Known | undefined)[];

  constructor({ dirs, listeners }: GuestConfig) {
    this.#open = [
      stream("stdin"),
      stream("stdout"),
      stream("stderr"),
      ...dirs.map(({ name, shared }) => ({
        name,
        mirroredFile: false,
        mirrored: !shared,
      })),
      ...Array.from({ length: listeners }, () => stream("listener")),
    ];
  }

  /** Takes the next call of the guest, in the order of the log. */
  see(call: Call): SeenCall {
    const names = new Map<string, string>();
    for (const { name, words, value } of call.args) {
      const known = words === "fd" ? this.#open[Number(value)] : undefined;
      if (known !== undefined) names.set(name, known.name);
    }
    const on = numberOf(call, "fd");
    const mirrored = this.#open[on]?.mirroredFile ?? false;
    const items = outcomeOf(call, mirrored);
    const done = call.errno === 0 && !call.intent;
    return {
      call,
      items,
      names,
      added: done ? this.#do(call, items) : undefined,
    };
  }

  #do(call: Call, items: readonly Item[]): SeenCall["added"] {
    const fd = numberOf(call, "fd");
    switch (call.row.fds) {
      case "adds":
        return this.#add(call, items);
      case "removes":
        this.#open[fd] = undefined;
        return undefined;
      case "moves": {
        const to = numberOf(call, "to");
        this.#open[to] = this.#open[fd];
        if (fd !== to) this.#open[fd] = undefined;
        return undefined;
      }
      case undefined:
        return undefined;
    }
  }

  #add(call: Call, items: readonly Item[]): SeenCall["added"] {
    const path = argument(call, "path")?.value;
    const base = this.#open[numberOf(call, "fd")];
    const type = items.find(({ field }) => field.name === "filetype")?.value;
    const mirrored = path !== undefined && (base?.mirrored ?? false);
    const name = path instanceof Uint8Array ? below(base, path) : "connection";
    const free = this.#open.indexOf(undefined);
    const fd = free < 0 ? this.#open.length : free;
    const directory = type === FileType.directory;
    this.#open[fd] = { name, mirrored, mirroredFile: mirrored && !directory };
    return { fd, name };
  }
}

function argument({ args }: Call, name: string): Argument | undefined {
  return args.find((arg) => arg.name === name);
}

/** The number that an argument is; -1 where there is none. */
function numberOf(call: Call, name: string): number {
  return Number(argument(call, name)?.value ?? -1);
}
