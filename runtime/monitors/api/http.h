/*
 * A client of the HTTP APIs of Firecracker (src/firecracker/swagger/firecracker.yaml of its repository) and
 * Cloud Hypervisor (vmm/src/api/openapi/cloud-hypervisor.yaml of its own): one request after another over one
 * connection to the monitor's socket, the smallest part of RFC 9112 that both speak.
 *
 * What answers may be hostile (conversation.h): an answer's head and body have a limit, and a body a length.
 */
#ifndef RUNTIME_MONITORS_API_HTTP_H
#define RUNTIME_MONITORS_API_HTTP_H

#include <jansson.h>
#include <stdint.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

enum {
    HTTP_TIMEOUT = 5000,   /* milliseconds */
    HTTP_HEAD = 8 << 10,   /* bytes of an answer's head, at most */
    HTTP_BODY = 256 << 10, /* likewise of its body */
    HTTP_DEPTH = 16,       /* of its arrays and objects */
    HTTP_TEXT = 300,       /* bytes of what it says of an error that are shown */
};

struct http {
    int fd;              /* owned; -1: none */
    int64_t deadline;    /* clock_milliseconds() by which all must be answered; the caller may move it */
    struct buffer heard; /* what has come and was not read yet; owned */
};
#define HTTP_NONE ((struct http){.fd = -1})

/* Takes the connection; `timeout` milliseconds for all of it. */
struct http http_open(int fd, int timeout);

/*
 * Sends a request; `body` (NULL: none) is taken, also on failure. Returns 0 where the answer is a success,
 * else -1 and the error "METHOD PATH: what the monitor says". error->number is ETIMEDOUT, ECONNRESET or EPIPE
 * where it did not answer.
 */
int http_call(struct http *http, const char *method, const char *path, json_t *body, struct error *error);

void http_close(struct http *http);
#define cleanup_http __attribute__((cleanup(http_close)))

#endif
