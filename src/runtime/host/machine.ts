/** What must be equal on two nodes for a guest to compute the same (rule 6). @module */

/** Engine, architecture and CPU of this node. */
export interface Machine {
  /** Version of V8. */
  readonly engine: string;
  readonly arch: string;
  /** The CPU's features, sorted. */
  readonly features: readonly string[];
}

/** This node. */
export function thisMachine(): Machine {
  return {
    engine: `V8 ${Deno.version.v8}`,
    arch: Deno.build.arch,
    features: cpuFeatures(),
  };
}

function cpuFeatures(): string[] {
  const info = Deno.readTextFileSync("/proc/cpuinfo");
  const [, features = ""] = /^(?:flags|Features)\s*:\s*(.*)$/m.exec(info) ?? [];
  return features.split(/\s+/).filter((name) => name !== "").sort();
}

/** The id of a new run: 16 random bytes. */
export function newRunId(): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(16));
}

/** A node's id: a random u32, not 0. */
export function randomNodeId(): number {
  return (crypto.getRandomValues(new Uint32Array(1))[0] as number) || 1;
}
