import type { RunOptions } from "../options.ts";

/** How the calls of a guest are shown on stderr while it runs. */
export interface TraceStyle {
  readonly json: boolean;
  readonly colours: boolean;
}

/** What the options say of a trace; undefined when there is to be none. */
export function traceOf(
  { trace, json }: Pick<RunOptions, "trace" | "json">,
): TraceStyle | undefined {
  if (!trace) return undefined;
  return { json, colours: Deno.stderr.isTerminal() && !Deno.noColor };
}
