/* The request of a further program: enum channel_item of runtime/channel.h. The host is hostile. */
#ifndef RUNTIME_INIT_EXEC_REQUEST_H
#define RUNTIME_INIT_EXEC_REQUEST_H

#include "runtime/init/program/launch.h"

/* All memory is owned, but for the texts, which are in the parsed bytes. */
struct exec_request {
    struct launch launch;
    char **argv;
    char **env;
    uint32_t *groups;
    struct launch_limit *limits;
    bool terminal;
    uint16_t rows; /* 0: unknown */
    uint16_t columns;
};

/* Parses `size` bytes, which the request borrows from then on. 0 or an errno: EINVAL for what is no request
 * or has no program, ENOMEM. */
int exec_request_parse(char *bytes, size_t size, struct exec_request *request);
void exec_request_free(struct exec_request *request);

#endif
