/** What `replrt check` found, for programs: JSON, JUnit XML, GitHub's annotations. @module */
import type {
  CheckResult,
  Verdict,
} from "../runtime/recording/check/verdict.ts";
import { detailsOf, sentenceOf } from "./check_text.ts";

/** One JSON object, as README.md says, with its line's end. */
export function jsonOf(
  { module, deterministic, verdicts }: CheckResult,
): string {
  const checks = verdicts.map((verdict) => {
    const { name, outcome, runs, differences, call = null } = verdict;
    const { seeds = null, recordings = null } = verdict;
    const ms = Math.round(verdict.ms);
    const found = { name, outcome, runs, ms, differences, call };
    return { ...found, seeds, recordings };
  });
  return `${JSON.stringify({ module, deterministic, checks })}\n`;
}

const XML: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&quot;",
  "\n": "&#10;",
};

/** Text within XML 1.0; what no document may hold becomes U+FFFD. */
function xml(text: string): string {
  return text.toWellFormed().replace(
    // deno-lint-ignore no-control-regex
    /[\x00-\x08\x0b-\x1f\ufffe\uffff]/g,
    "\ufffd",
  ).replace(/[&<>"\n]/g, (c) => XML[c] as string);
}

/** A JUnit report: a test for each check. */
export function junitOf({ module, verdicts }: CheckResult): string {
  const count = (wanted: Verdict["outcome"]) =>
    verdicts.filter(({ outcome }) => outcome === wanted).length;
  const ms = verdicts.reduce((sum, verdict) => sum + verdict.ms, 0);
  const totals = `tests="${verdicts.length}" failures="${
    count("differs")
  }" errors="0" skipped="${count("skipped")}" time="${seconds(ms)}"`;
  const name = xml(module);
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites name="replrt check" ${totals}>`,
    `  <testsuite name="${name}" ${totals}>`,
    ...verdicts.flatMap((verdict) => testOf(name, verdict)),
    "  </testsuite>",
    "</testsuites>",
    "",
  ].join("\n");
}

function testOf(module: string, verdict: Verdict): string[] {
  const { name, outcome, ms } = verdict;
  const head = `    <testcase classname="${module}" name="${name}" time="${
    seconds(ms)
  }"`;
  if (outcome === "equal") return [`${head}/>`];
  const message = xml(sentenceOf(verdict));
  const inner = outcome === "skipped"
    ? `<skipped message="${message}"/>`
    : `<failure type="${name}" message="${message}">${
      xml(detailsOf(verdict).join("\n"))
    }</failure>`;
  return [`${head}>`, `      ${inner}`, "    </testcase>"];
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

/** A workflow command of GitHub for each check that differs, one a line. */
export function annotationsOf({ module, verdicts }: CheckResult): string {
  return verdicts.filter(({ outcome }) => outcome === "differs").map(
    (verdict) => {
      const text = [sentenceOf(verdict), ...detailsOf(verdict)].join("\n");
      const title = property(`replrt check ${module}: ${verdict.name}`);
      return `::error title=${title}::${data(text)}\n`;
    },
  ).join("");
}

function data(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll(
    "\n",
    "%0A",
  );
}

function property(text: string): string {
  return data(text).replaceAll(":", "%3A").replaceAll(",", "%2C");
}
