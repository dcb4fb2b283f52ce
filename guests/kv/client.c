/* One connection: what it sent, what it is owed, and when it ends. An error or a reset ends this
 * connection and nothing else. */
#include <errno.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "kv.h"

#define READ 16384      /* bytes of one recv, but */
#define READ_BULK MIB   /* up to so many while a large argument arrives */

Client *client_new(int fd) {
  Client *c = must_alloc(NULL, sizeof *c);
  *c = (Client){.fd = fd, .resp = 2};
  request_init(&c->request);
  server.clients++;
  server.connections++;
  return c;
}

void client_free(Client *c) {
  close(c->fd);
  buf_free(&c->in);
  buf_free(&c->out);
  request_free(&c->request);
  free(c);
  server.clients--;
}

bool client_blocked(const Client *c) { return buf_len(&c->out) > OUT_HIGH; }

static bool passing(int error) {
  return error == EAGAIN || error == EWOULDBLOCK || error == EINTR;
}

void client_read(Client *c) {
  size_t room = c->request.bulk > READ ? (size_t)c->request.bulk : READ;
  if (room > READ_BULK) room = READ_BULK;
  ssize_t n = recv(c->fd, buf_room(&c->in, room), room, 0);
  if (n > 0) c->in.end += (size_t)n;
  else if (n == 0) c->eof = true;
  else if (!passing(errno)) c->dead = true;
}

void client_run(Client *c) {
  const char *why;
  c->pending = true;
  while (!c->last && !c->dead && !server.stopping && !client_blocked(c)) {
    RequestState state = request_parse(&c->request, &c->in, &why);
    if (state == REQUEST_MORE) {
      c->pending = false;
      c->last = c->eof;
      return;
    }
    if (state == REQUEST_BAD) {
      reply_error(&c->out, "ERR Protocol error: %s", why);
      c->last = true;
      return;
    }
    if (c->request.argc) {
      Call call = {.argc = c->request.argc, .argv = c->request.argv, .out = &c->out, .resp = c->resp};
      execute(&call);
      c->last = call.close;
      c->resp = call.resp;
    }
    request_reset(&c->request, &c->in);
    c->dead |= buf_len(&c->out) > OUT_MAX;
  }
}

void client_send(Client *c) {
  size_t len = buf_len(&c->out);
  if (len) {
    ssize_t n = send(c->fd, c->out.at + c->out.start, len, 0);
    if (n >= 0) buf_take(&c->out, (size_t)n);
    else if (!passing(errno)) c->dead = true;
  }
  if (c->last && !buf_len(&c->out)) c->dead = true;
}
