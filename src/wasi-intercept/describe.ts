/** Calls as text, from the table: for divergence reports. @module */
import { Control } from "../engine/message.ts";
import { errnoName } from "./errno.ts";
import { argumentBytes, INTENT, type Syscall } from "./syscall.ts";
import { rowOf } from "./table.ts";

const CONTROL_NAMES = new Map<number, string>(
  Object.entries(Control).map(([name, method]) => [method, name]),
);

const decoder = new TextDecoder();

/** A call as the guest made it: `fd_read(fd=4, iovs=16, iovs_len=1, nread=8)`; a path shows its pointer and length. */
export function describeArguments(
  row: Syscall,
  args: readonly (number | bigint)[],
): string {
  const texts: string[] = [];
  let i = 0;
  for (const [name, type] of row.params) {
    texts.push(
      type === "path"
        ? `${name}=${args[i++]}+${args[i++]}`
        : `${name}=${args[i++]}`,
    );
  }
  return `${row.name}(${texts.join(", ")})`;
}

/** A message's call with its arguments, and with `errno` its outcome; a path shows its text. */
export function describeMessage(
  method: number,
  data: Uint8Array,
  errno?: number,
): string {
  if (method & INTENT) {
    return `intent of ${describeMessage(method - INTENT, data, errno)}`;
  }
  const row = rowOf(method);
  if (row === undefined) {
    return CONTROL_NAMES.get(method) ?? `unknown method ${method}`;
  }
  if (data.length < argumentBytes(row)) return `${row.name}(…)`;
  const view = new DataView(data.buffer, data.byteOffset, data.length);
  const texts: string[] = [];
  let at = 0, paths = argumentBytes(row);
  for (const [name, type] of row.params) {
    if (type === "u64") texts.push(`${name}=${view.getBigUint64(at, true)}`);
    else if (type !== "path") texts.push(`${name}=${view.getUint32(at, true)}`);
    else {
      const size = view.getUint32(at + 4, true);
      texts.push(
        `${name}=${
          JSON.stringify(decoder.decode(data.subarray(paths, paths + size)))
        }`,
      );
      paths += (size + 7) & ~7;
    }
    at += type === "u64" || type === "path" ? 8 : 4;
  }
  const call = `${row.name}(${texts.join(", ")})`;
  return errno === undefined ? call : `${call} = ${errnoName(errno)}`;
}
