/**
 * Runs a shell command for the operator, its output on this process's stderr; resolves to its exit code, or null when it
 * could not be started.
 */
export async function runHook(
  command: string,
  env: Record<string, string>,
): Promise<number | null> {
  try {
    const child = new Deno.Command("/bin/sh", {
      args: ["-c", command],
      env,
      stdin: "null",
      stdout: "null",
      stderr: "inherit",
    });
    return (await child.spawn().status).code;
  } catch {
    return null;
  }
}
