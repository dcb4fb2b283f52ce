/** What messages of threads say, in words. @module */
import { Control } from "../../engine/message.ts";
import type {
  ThreadCreated,
  ThreadsWoken,
} from "../../wasi-intercept/messages.ts";

/** A sentence for the DATA of each message of a scheduler's. */
export const THREAD_SENTENCES = {
  [Control.threadCreate]: ({ parent }: ThreadCreated) =>
    `made by thread ${parent}`,
  [Control.threadExit]: () => "it returned",
  [Control.threadsWoken]: ({ tids }: ThreadsWoken) =>
    tids.length === 0 ? "none" : tids.join(", "),
};
