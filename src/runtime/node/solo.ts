import type { ThreadMessages } from "../../wasi-intercept/messages.ts";
import { scheduleOf } from "../../wasi-intercept/threads/schedule.ts";
import type { GuestConfig } from "../guest/config.ts";
import { exitCodeOf } from "../guest/end.ts";
import { NoMessages } from "../guest/no_messages.ts";
import { runSolo } from "../guest/solo.ts";
import type { Link } from "../guest/trace.ts";
import { traceOf } from "../guest/trace_style.ts";
import { openDirectory } from "../host/open_directory.ts";
import { stdioTypes } from "../host/pipe.ts";
import { loadModule } from "../module/load.ts";
import type { RunOptions } from "../options.ts";
import type { Say } from "../say.ts";
import { GuestSockets } from "./sockets.ts";

/** What the guest of these options sees of itself; to a guest that nobody follows every directory is its own. */
export function configOf(options: RunOptions): GuestConfig {
  const replicated = options.role !== "solo";
  return {
    args: [options.module, ...options.args],
    env: options.env,
    dirs: options.dirs.map(({ guest, shared }) => ({
      name: guest,
      shared: shared && replicated,
    })),
    intents: replicated,
    listeners: options.tcpListen.length,
    stdio: stdioTypes(),
    schedule: scheduleOf(options.quantum, options.scheduleSeed),
  };
}

/** Runs a guest that nobody follows; gives the exit code. */
export async function runSoloNode(
  options: RunOptions,
  say: Say,
): Promise<number> {
  const loaded = loadModule(options.module);
  const dirs = options.dirs.map(({ host }) => openDirectory(host));
  const sockets = new GuestSockets(options.tcpListen);
  sockets.serveAlone(say);
  const config = configOf(options);
  const handles = { dirs, listeners: sockets.handles };
  const prepared = loaded.prepare(config.schedule);
  const { messages, link } = await tracing(
    options,
    config,
    prepared.shape !== undefined,
  );
  const end = await runSolo(prepared, config, handles, messages, link);
  say.end(end);
  await say.flush(1000);
  return exitCodeOf(end);
}

/** Shows the guest's calls where that is asked for, and, with `threads`, which of these begin and return. */
async function tracing(
  options: RunOptions,
  config: GuestConfig,
  threads: boolean,
): Promise<{ messages: ThreadMessages; link?: Link }> {
  const messages = new NoMessages();
  const style = traceOf(options);
  if (style === undefined) return { messages };
  const [{ traced }, { solo }] = await Promise.all([
    import("../guest/trace.ts"),
    import("../../wasi-intercept/specialise.ts"),
  ]);
  if (!threads) return { messages, link: traced(solo, config, style) };
  const { TracedThreads } = await import("../guest/trace_threads.ts");
  const link = traced(solo, config, style, () => messages.tid);
  return { messages: new TracedThreads(messages, style), link };
}
