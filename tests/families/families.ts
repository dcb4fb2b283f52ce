/** The families of calls that the guest `families` goes through, and what a round of each prints. @module */
import { join } from "node:path/posix";

const TEXTS = join(import.meta.dirname as string, "texts");

/** The text of a round, of so many. */
type Text = (round: number, rounds: number) => string;

/** A run of the guest. */
export interface Family {
  /** Its first argument. */
  readonly name: string;
  /** Its third argument. */
  readonly argument?: string;
  readonly env?: Readonly<Record<string, string>>;
  /** It works in a directory, `/data`. */
  readonly files?: boolean;
  /** It takes clients: a listening socket is given, and one client comes again and again. */
  readonly listens?: boolean;
  /** As many rounds as take some hundred ms when there is a backup: there has to be time to be killed in. */
  readonly rounds: number;
  /** What a round prints; of a family that prints what the world gave it, a pattern for the one line of a round, after its number. */
  readonly prints: Text | RegExp;
  /** How it ends after so many rounds; 0 without this. */
  readonly code?: number;
}

/** A text that is the same in every round, from `texts/`; `ROUNDS` in it is how many there are. */
function text(name: string): Text {
  const read = Deno.readTextFileSync(join(TEXTS, `${name}.txt`));
  return (_round, rounds) => read.replaceAll("ROUNDS", `${rounds}`);
}

const QUIET = text("sockets");

/** What a conversation prints; a listener is tried before the first. */
function conversation(round: number, rounds: number): string {
  const before = round === 1 ? QUIET(round, rounds) : "";
  const after = round % 3 === 1 ? "" : ", then pipe";
  const said = `text of ${round}`.padEnd(19, ".");
  return `${before}conversation ${round}: success '${said}'${after}\n`;
}

/** A program that ends in the middle of its rounds. */
function ending(how: string, code: number): Family {
  const last = 2000;
  return {
    name: "ending",
    argument: `${how} ${last}`,
    rounds: 2 * last,
    prints: (round) => round > last ? "" : `yields ${round}: success\n`,
    code,
  };
}

/** All families, those without files first. */
export const FAMILIES: readonly Family[] = [
  {
    name: "args",
    argument: "two words, ü",
    env: { MODE: "test", EMPTY: "" },
    rounds: 800,
    prints: text("args"),
  },
  { name: "clocks", rounds: 4000, prints: /^success \d{19} \d+$/ },
  {
    name: "random",
    rounds: 1000,
    prints: /^success [0-9a-f]{16} of (9|255|256|4096|70000|8)$/,
  },
  { name: "deadlines", rounds: 40, prints: text("deadlines") },
  { name: "sockets", listens: true, rounds: 100, prints: conversation },
  ending("exit 42", 42),
  ending("raise 15", 143),
  { name: "io", files: true, rounds: 80, prints: text("io") },
  { name: "readdir", files: true, rounds: 16, prints: text("readdir") },
  { name: "descriptors", files: true, rounds: 30, prints: text("descriptors") },
  { name: "rights", files: true, rounds: 60, prints: text("rights") },
  { name: "opening", files: true, rounds: 40, prints: text("opening") },
  { name: "names", files: true, rounds: 30, prints: text("names") },
  { name: "links", files: true, rounds: 40, prints: text("links") },
  { name: "times", files: true, rounds: 60, prints: text("times") },
  { name: "polls", files: true, rounds: 30, prints: text("polls") },
];

/** What is wrong with the text that `rounds` rounds of a family printed, if anything. */
export function problemOf(
  { prints }: Family,
  rounds: number,
  stdout: string,
): string | undefined {
  const lines = stdout.split("\n");
  if (prints instanceof RegExp) {
    if (lines.pop() !== "" || lines.length !== rounds) {
      return `${lines.length} lines of ${rounds}`;
    }
    const wrong = lines.findIndex((line, i) => {
      const [number, ...rest] = line.split(": ");
      return number !== `${i + 1}` || !prints.test(rest.join(": "));
    });
    return wrong < 0 ? undefined : `line ${wrong + 1} is '${lines[wrong]}'`;
  }
  const all = Array.from({ length: rounds }, (_, i) => prints(i + 1, rounds));
  const wanted = all.join("").split("\n");
  const longest = Math.max(lines.length, wanted.length);
  for (let i = 0; i < longest; i++) {
    if (lines[i] !== wanted[i]) {
      return `line ${i + 1} is '${lines[i]}', not '${wanted[i]}'`;
    }
  }
  return undefined;
}
