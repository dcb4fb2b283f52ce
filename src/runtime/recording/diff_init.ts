import { quoted } from "../../wasi-intercept/quote.ts";
import type { Schedule } from "../../wasi-intercept/threads/schedule.ts";
import type { GuestConfig } from "../guest/config.ts";
import type { InitData } from "../node/primary.ts";

/** What is compared of two runs' starts, as text; what is undefined is not compared. */
type Row = readonly [what: string, of: (init: InitData) => string | undefined];

const encoder = new TextEncoder();

function names(list: readonly string[]): string {
  const texts = list.map((name) => quoted(encoder.encode(name)));
  return texts.join(" ") || "none";
}

function directories({ dirs }: GuestConfig): string {
  const list = dirs.map(({ name, shared }) =>
    `${quoted(encoder.encode(name))}${shared ? "" : " mirrored"}`
  );
  return list.join(", ") || "none";
}

function scheduleText({ quantum, seed }: Schedule): string {
  return `quantum ${quantum}${seed === null ? "" : ` with seed ${seed}`}`;
}

const OF_PROGRAM: readonly Row[] = [
  ["modules", ({ module }) => module],
  ["arguments", ({ config }) => names(config.args)],
  ["environments", ({ config }) => names(config.env)],
  ["directories", ({ config }) => directories(config)],
  [
    "directories' contents at the start",
    ({ digests }) => digests.length > 0 ? digests.join(", ") : undefined,
  ],
  ["listening sockets", ({ config }) => `${config.listeners}`],
  ["types of stdin, stdout and stderr", ({ config }) => `${config.stdio}`],
  ["schedules", ({ config }) => scheduleText(config.schedule)],
];

const OF_MACHINE: readonly Row[] = [
  ["engines", ({ machine }) => machine.engine],
  ["architectures", ({ machine }) => machine.arch],
  ["CPU features", ({ machine }) => machine.features.join(" ")],
];

/** How two runs' starts differ, a line each. */
export interface InitDifferences {
  /** In what the program gets. */
  readonly program: readonly string[];
  /** In what it ran on, which it can't see. */
  readonly machine: readonly string[];
}

/** Compares what two runs were started with. */
export function compareInits(a: InitData, b: InitData): InitDifferences {
  const lines = (rows: readonly Row[]) =>
    rows.flatMap(([what, of]) => {
      const [left, right] = [of(a), of(b)];
      return left === right || left === undefined || right === undefined
        ? []
        : [`the ${what} differ: ${left} and ${right}`];
    });
  return { program: lines(OF_PROGRAM), machine: lines(OF_MACHINE) };
}
