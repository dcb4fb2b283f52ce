import { assert } from "../../bytes/assert.ts";
import {
  FIRST_TID,
  type ThreadMessages,
} from "../../wasi-intercept/messages.ts";

/** The messaging of a guest that nobody follows. */
export class NoMessages implements ThreadMessages {
  readonly following = false;
  tid = FIRST_TID;
  tell(): void {}
  told(): undefined {}
  flush(): void {}
  refuse(what: string): never {
    assert(false, `${what} follows no log`);
  }
}
