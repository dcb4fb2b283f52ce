/**
 * What two nodes printed, put together in every way that "at least once, by whole messages" allows.
 *
 * The survivor starts with a whole line, the first that may not have left the old node: all that the old node printed
 * from there on, be it cut in the middle of a line, is repeated word for word. Of a text that repeats itself there may be
 * several ways; all are given.
 */
export function* joined(before: string, after: string): Generator<string> {
  for (
    let at = before.length;
    at >= 0;
    at = before.lastIndexOf("\n", at - 2) + 1
  ) {
    const whole = at === 0 || before[at - 1] === "\n";
    if (whole && after.startsWith(before.slice(at))) {
      yield before.slice(0, at) + after;
    }
    if (at === 0) return;
  }
}
