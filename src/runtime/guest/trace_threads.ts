/** Shows on stderr that a guest's threads begin and return, as a trace shows its calls. @module */
import { Control } from "../../engine/message.ts";
import { controlName } from "../../wasi-intercept/describe.ts";
import {
  PID,
  type ThreadMessages,
  type Told,
} from "../../wasi-intercept/messages.ts";
import { writeStderr } from "../host/stderr.ts";
import { painter, threadText } from "../recording/print_call.ts";
import { THREAD_SENTENCES } from "../recording/print_threads.ts";
import type { TraceStyle } from "./trace_style.ts";

/** What is shown; which threads the world woke comes many times a second, and is in the log. */
const SENTENCES: Readonly<Record<number, (value: never) => string>> = {
  [Control.threadCreate]: THREAD_SENTENCES[Control.threadCreate],
  [Control.threadExit]: THREAD_SENTENCES[Control.threadExit],
};

/** The messages of a scheduler, shown as they are logged, or as a follower comes by them. */
export class TracedThreads implements ThreadMessages {
  readonly #messages: ThreadMessages;
  readonly #style: TraceStyle;

  constructor(messages: ThreadMessages, style: TraceStyle) {
    this.#messages = messages;
    this.#style = style;
  }

  get following(): boolean {
    return this.#messages.following;
  }

  get tid(): number {
    return this.#messages.tid;
  }

  set tid(tid: number) {
    this.#messages.tid = tid;
  }

  tell(method: number, tid: number, value: object): void {
    this.#messages.tell(method, tid, value);
    this.#show(method, tid, value);
  }

  told(method: number, tid: number, what: string): Told | undefined {
    const told = this.#messages.told(method, tid, what);
    if (told !== undefined) this.#show(method, tid, told.value);
    return told;
  }

  refuse(what: string): never {
    this.#messages.refuse(what);
  }

  flush(): void {
    this.#messages.flush();
  }

  /** Shows a message, whose value may be anything until the scheduler has looked at it. */
  #show(method: number, tid: number, value: unknown): void {
    const say = SENTENCES[method];
    if (say === undefined) return;
    const { json, colours } = this.#style;
    const thread = { pid: PID, tid };
    const control = controlName(method);
    if (json) {
      const event = { event: "thread", ...thread, control, data: value };
      writeStderr(JSON.stringify(event));
      return;
    }
    const paint = painter(colours);
    const text = `${paint("control", `${control}`)}: ${
      say((value ?? {}) as never)
    }`;
    writeStderr(`${threadText(thread, paint)} ${text}`);
  }
}
