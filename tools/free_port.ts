/** Between what daemons of a machine like to have and what Linux gives, unless told otherwise, to who connects. */
const LOWEST = 10_000;
const HIGHEST = 32_767;

/**
 * A port of 127.0.0.1 that nobody had a moment ago, and that no connection of another program is given.
 * For who listens there again after a death, or tells of it before; else ask the system for port 0.
 */
export function freePort(): number {
  for (;;) {
    const port = LOWEST + Math.floor(Math.random() * (HIGHEST - LOWEST + 1));
    try {
      Deno.listen({ hostname: "127.0.0.1", port }).close();
      return port;
    } catch (error) {
      if (!(error instanceof Deno.errors.AddrInUse)) throw error;
    }
  }
}
