/** Signals by which an operator ends a process. */
const ENDING = ["SIGTERM", "SIGINT", "SIGHUP"] as const;

/**
 * Calls `clean` when a signal is about to end this process, which then ends by that signal as it would have without: who
 * started it (a shell, a supervisor) sees it so. Gives what takes that back.
 */
export function beforeSignal(clean: () => void): () => void {
  const listeners = ENDING.map((signal) => {
    const listener = () => {
      stop();
      try {
        clean();
      } finally {
        Deno.kill(Deno.pid, signal);
      }
    };
    Deno.addSignalListener(signal, listener);
    return () => Deno.removeSignalListener(signal, listener);
  });
  const stop = () => listeners.forEach((remove) => remove());
  return stop;
}
