/** All preview1 `rights`. */
export const ALL_RIGHTS = (1n << 30n) - 1n;

/** Rights of a byte stream: fd_read 1, fdstat_set_flags 3, fd_write 6, filestat_get 21, poll_fd_readwrite 27. */
export const STREAM_RIGHTS = (1n << 1n) | (1n << 3n) | (1n << 6n) |
  (1n << 21n) | (1n << 27n);

/** Rights of a connection: those of a stream and sock_shutdown 28. */
export const SOCKET_RIGHTS = STREAM_RIGHTS | (1n << 28n);

/** Rights of a listening socket: fdstat_set_flags, filestat_get, poll_fd_readwrite, sock_shutdown, sock_accept 29. */
export const LISTENER_RIGHTS = (1n << 3n) | (1n << 21n) | (1n << 27n) |
  (1n << 28n) | (1n << 29n);
