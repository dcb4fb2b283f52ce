/** Which frames may follow which, as docs/PROTOCOL.md tells it. @module */

const JOIN = `
backup                             primary
hello (join, from 0)         →
                             ←     welcome, or refuse and the end
fetch (dir, manifest)        →                      ┐ for each mirrored
                             ←     chunk, or refuse │ directory, until
fetch (dir, path, offset)    →                      │ the backup has what
                             ←     chunk, or refuse ┘ it lacks
hello (follow, next)         →     (as below; on this connection or a new one)
`;

const FOLLOW = `
backup                             primary
hello (follow, next)         →
                             ←     welcome, or refuse and the end
                             ←     heartbeat
ack (next)                   →
                             ←     data … from next on
ack                          →     for each data and heartbeat
                             ←     data with memberJoined: in sync
nak (next)                   →     where something is missing
                             ←     data … from there again
ping                         →     after a freeze of the backup
                             ←     pong, to members only
leave (reason)               →     it will never take over
                             ←     leave (reason): it was removed
                             ←     bye: the log has ended, all outputs left
`;

const PROBE = `
anyone                             any node
probe                        →
                             ←     status, and the end
`;

/** The legal sequences of frames, and what each leads to. */
export function sequences(): string {
  return [
    "The caller speaks first, with `hello` or `probe`; a connection whose " +
    "first frame is another, or does not come within the time-out, is closed.",
    "**Join.** A node that has nothing asks for configuration and the images " +
    "of the directories, from before message 0.",
    block(JOIN),
    "**Follow and resume.** The same frames, whether the backup is new " +
    "(next is 0), comes back after a broken connection, or was slow. Its " +
    "`hello` names the run, the epoch and the first number that it lacks. A " +
    "second connection of a node replaces its first.",
    block(FOLLOW),
    "A node counts for acks from its `memberJoined` to its `memberRemoved`, " +
    "both messages of the log. `heard` in an ack gives back `sent` of the " +
    "newest heartbeat: that is the lease on which the primary releases outputs.",
    "**Probe.** Both roles answer it at any time, on a connection of its own.",
    block(PROBE),
    "**Run and epoch.** A follower takes no frame of another run or a lower " +
    "epoch, and yields to a higher epoch; a primary that sees a higher epoch " +
    "of its run, in any frame, releases nothing more and ends. Epochs are " +
    "compared by number, then by node.",
  ].join("\n\n");
}

function block(text: string): string {
  return `\`\`\`text\n${text.trim()}\n\`\`\``;
}
