import { MAX_DATA } from "../../engine/message.ts";
import { Data } from "../../wasi-intercept/data.ts";
import type { ThreadMessages } from "../../wasi-intercept/messages.ts";
import { solo } from "../../wasi-intercept/specialise.ts";
import { GuestHost } from "../host/guest_host.ts";
import { threadId } from "../host/clock.ts";
import type { PreparedModule } from "../module/load.ts";
import type { GuestConfig, GuestHandles } from "./config.ts";
import { endOf, type GuestEnd } from "./end.ts";
import { instantiate, type Process } from "./process.ts";
import { SoloOutputs } from "./solo_outputs.ts";
import type { Link } from "./trace.ts";

/** Runs a guest that nobody follows, in the calling isolate, to its end; `link` makes its imports, `messages` names the thread that runs. */
export async function runSolo(
  prepared: PreparedModule,
  config: GuestConfig,
  handles: GuestHandles,
  messages: ThreadMessages,
  link: Link = solo,
): Promise<GuestEnd> {
  const { start } = await soloProcess(
    prepared,
    config,
    handles,
    messages,
    link,
  );
  try {
    await start();
    return { kind: "exit", code: 0 };
  } catch (error) {
    const end = endOf(error);
    if (end === undefined) throw error;
    return end;
  }
}

async function soloProcess(
  { module, shape }: PreparedModule,
  config: GuestConfig,
  handles: GuestHandles,
  messages: ThreadMessages,
  link: Link,
): Promise<Process> {
  const host = new GuestHost(threadId(), undefined);
  const data = new Data();
  const bytes = new Uint8Array(MAX_DATA);
  data.place(new DataView(bytes.buffer), bytes, 0, 0);
  const outputs = new SoloOutputs(host, shape !== undefined);
  const parts = { config, handles, host, data, outputs, flush: () => {} };
  if (shape === undefined) return instantiate(module, parts, link);
  const { instantiateThreads } = await import("./threads.ts");
  return instantiateThreads({ module, shape }, parts, messages, link);
}
