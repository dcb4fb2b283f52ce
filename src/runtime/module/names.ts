import { Malformed, Reader } from "./reader.ts";
import { SectionId, sections } from "./sections.ts";

/** The subsection of function names, in the custom section "name". */
const FUNCTION_NAMES = 1;
/** Characters of a name that a message shows. */
const SHOWN = 80;

/**
 * "function 12", with the name in quotes if the module's name section has one.
 *
 * A damaged name section means that there is no name. A long name is cut to 80 characters.
 *
 * @param index in the function index space: imported functions come first.
 */
export function describeFunction(bytes: Uint8Array, index: number): string {
  const name = functionName(bytes, index);
  if (name === undefined) return `function ${index}`;
  const shown = name.length > SHOWN ? `${name.slice(0, SHOWN)}…` : name;
  return `function ${index} (${JSON.stringify(shown)})`;
}

function functionName(bytes: Uint8Array, index: number): string | undefined {
  try {
    for (const { id, start, end } of sections(bytes)) {
      if (id !== SectionId.custom) continue;
      const reader = new Reader(bytes, start, end);
      if (reader.text() === "name") return nameIn(reader, index);
    }
  } catch (error) {
    if (!(error instanceof Malformed)) throw error;
  }
  return undefined;
}

function nameIn(reader: Reader, index: number): string | undefined {
  while (reader.at < reader.end) {
    const id = reader.byte();
    const size = reader.u32();
    if (id !== FUNCTION_NAMES) {
      reader.skip(size);
      continue;
    }
    for (let left = reader.u32(); left > 0; left--) {
      const found = reader.u32();
      const name = reader.text();
      if (found === index) return name;
    }
    return undefined;
  }
  return undefined;
}
