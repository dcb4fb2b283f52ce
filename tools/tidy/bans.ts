import { type Breach, breach, places } from "./breach.ts";
import type { Source } from "./source.ts";

/** Words that some folders may not use. */
interface Ban {
  /** Global; matched against code without comments and strings. */
  readonly pattern: RegExp;
  readonly within: readonly string[];
  readonly except: readonly string[];
  /** What to do instead. */
  readonly instead: string;
}

const HOST = ["src/runtime/host/"];
const TRANSPORTS = ["src/engine/transports/"];
const PURE = ["src/bytes/", "src/engine/", "src/wasi-intercept/"];

const FILE_CALLS = [
  ..."chmod chown copyFile create link lstat makeTempDir".split(" "),
  ..."makeTempFile mkdir open readDir readFile readLink".split(" "),
  ..."readTextFile realPath remove rename stat symlink".split(" "),
  ..."truncate umask utime watchFs writeFile writeTextFile".split(" "),
  "FsFile",
  "\\w+Sync",
].join("|");

const BANS: readonly Ban[] = [
  {
    pattern: /\bDeno\.(?:dlopen|Unsafe\w+)\b/g,
    within: ["src/"],
    except: HOST,
    instead: "call the host through src/runtime/host/",
  },
  {
    pattern: new RegExp(`\\bDeno\\.(?:${FILE_CALLS})\\b`, "g"),
    within: ["src/"],
    except: HOST,
    instead: "open files through src/runtime/host/",
  },
  {
    pattern:
      /\b(?:Date\.now|performance\.now|Temporal\.Now|process\.hrtime)\b|\bnew Date\(\)/g,
    within: ["src/"],
    except: HOST,
    instead:
      "take the time from an event or a clock of src/runtime/host/ that is passed in",
  },
  {
    pattern:
      /\b(?:Math\.random|crypto\.getRandomValues|crypto\.randomUUID|randomBytes)\b/g,
    within: ["src/"],
    except: HOST,
    instead:
      "take random bytes from src/runtime/host/, or a seeded generator that is passed in",
  },
  {
    pattern:
      /\b(?:(?:set|clear)(?:Timeout|Interval|Immediate)|AbortSignal\.timeout)\b/g,
    within: PURE,
    except: TRANSPORTS,
    instead:
      "take the time from an event and give the next deadline as an action",
  },
  {
    pattern: /\bDeno\.\w+/g,
    within: PURE,
    except: TRANSPORTS,
    instead: "let src/runtime/ pass in what it takes from Deno",
  },
  {
    pattern:
      /(?<!\.)\bawait\b(?!\()|\b(?:Promise|queueMicrotask)\b|(?<!\.)\basync\b(?=\s*[\w*(#])/g,
    within: ["src/engine/"],
    except: TRANSPORTS,
    instead: "take the result as an event and give what to do as an action",
  },
];

/** Finds the words that a file's folder may not use; each names its replacement. */
export function banBreaches(source: Source): Breach[] {
  const inside = (folders: readonly string[]) =>
    folders.some((folder) => source.path.startsWith(folder));
  const seen = new Set<number>();
  return BANS.filter(({ within, except }) => inside(within) && !inside(except))
    .flatMap(({ pattern, instead }) =>
      [...places(source.code, pattern)]
        .filter(({ start }) => !seen.has(start) && seen.add(start))
        .map(({ start, found }) =>
          breach(source, start, `cannot use ${found} here: ${instead}`)
        )
    );
}
