/** Bytes as text, for those who read logs. @module */

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
const loose = new TextDecoder("utf-8", { ignoreBOM: true });

const ESCAPES: Readonly<Record<string, string>> = {
  "\n": "\\n",
  "\r": "\\r",
  "\t": "\\t",
  '"': '\\"',
  "\\": "\\\\",
};

/** Whatever could end a line, drive a terminal or turn the direction of writing. */
const UNSAFE = /["\\\p{Cc}\p{Cf}\p{Co}\p{Cn}\p{Zl}\p{Zp}]/gu;

function hex(byte: number): string {
  return `\\x${byte.toString(16).padStart(2, "0")}`;
}

function escaped(text: string): string {
  return text.replace(UNSAFE, (c) => {
    const code = c.codePointAt(0) as number;
    return ESCAPES[c] ??
      (code < 0x80 ? hex(code) : `\\u{${code.toString(16)}}`);
  });
}

/** The text of UTF-8 bytes, of which up to `slack` at the end may be half a character; undefined for other bytes. */
function textOf(bytes: Uint8Array, slack: number): string | undefined {
  for (let less = 0; less <= Math.min(slack, bytes.length); less++) {
    try {
      return strict.decode(bytes.subarray(0, bytes.length - less));
    } catch {
      continue;
    }
  }
  return undefined;
}

/** Bytes between quotes, unsafe characters escaped, all above ASCII as `\xNN` unless they are UTF-8; after `limit` bytes `...` follows. */
export function quoted(bytes: Uint8Array, limit = Infinity): string {
  const cut = bytes.length > limit;
  const shown = cut ? bytes.subarray(0, limit) : bytes;
  const text = textOf(shown, cut ? 3 : 0);
  const safe = text === undefined
    ? [...shown].map((byte) =>
      byte < 0x80 ? escaped(String.fromCharCode(byte)) : hex(byte)
    ).join("")
    : escaped(text);
  return `"${safe}"${cut ? "..." : ""}`;
}

/** Bytes as text without quotes, for names within a line. */
export function plain(bytes: Uint8Array): string {
  return quoted(bytes).slice(1, -1);
}

/** Bytes as a string, what is not UTF-8 replaced. */
export function decoded(bytes: Uint8Array): string {
  return loose.decode(bytes);
}
