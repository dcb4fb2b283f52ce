/** Where node:wasi is no judge of what a family prints, step by step, and why. @module */

const RIGHTS =
  "it looks at the rights first, and a descriptor of another kind lacks them";
const POINTERS =
  "it has overflow for pointers outside the memory, where others have fault";
const EMPTY = "it refuses an empty path itself, where Linux says noent";
const ROOM = "it refuses a buffer that is too small, where the spec cuts";
const LEAVING =
  "it makes no link that leaves the directory; others make it and refuse to follow it";
const EPOLL = "it waits by epoll, which takes no files";

/** Families that can't be compared at all. */
export const NOT_COMPARED: Readonly<Record<string, string>> = {
  sockets: "it gives no listening socket",
  deadlines:
    "it takes an absolute time for a relative one and would wait for decades",
};

/** Steps of families that are left out. */
export const STEPS_LEFT_OUT: Readonly<
  Record<string, Readonly<Record<string, string>>>
> = {
  args: {
    "nowhere to write": POINTERS,
  },
  io: {
    "read into nowhere": POINTERS,
    "allocate nothing": "it succeeds, where posix_fallocate has inval",
    "flags": "it always says that there are none",
    "flags of that": "it always says that there are none",
    "read a directory": RIGHTS,
    "write a directory": RIGHTS,
  },
  readdir: { "read a file so": RIGHTS },
  descriptors: {
    "its name in too little room":
      "it has nobufs, where others have nametoolong",
    "a directory that is not given": "it has inval, where others have badf",
  },
  opening: {
    "make a link that leaves": LEAVING,
    "a link that leaves": LEAVING,
    "below a link that leaves": LEAVING,
    "a link itself": "it follows links unasked",
    "no path": EMPTY,
    "below stdout": RIGHTS,
  },
  names: {
    "make nothing": EMPTY,
    "look below a file's descriptor": RIGHTS,
    "make below a file's descriptor": RIGHTS,
  },
  links: {
    "make one to no name": EMPTY,
    "read into too little room": ROOM,
    "read into no room": ROOM,
    "make a link that leaves": LEAVING,
    "read the link that leaves": LEAVING,
    "look at the link that leaves": LEAVING,
    "follow the link that leaves": LEAVING,
    "look below the link that leaves": LEAVING,
    "make a directory below that": LEAVING,
  },
  times: { "to a nanosecond": "it sets whole seconds" },
  polls: {
    "a time of no clock": "it takes any clock",
    "a file to read": EPOLL,
    "a file to write": EPOLL,
    "a file both ways, or an hour": EPOLL,
    "what is not open, or an hour":
      "it does not see that nothing is open, nor wait for the hour",
    "a file, and what is not open": EPOLL,
  },
};
