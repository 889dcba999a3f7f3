/* What a monitor says on its API's socket: any bytes end a request with an error, but for an answer that says
 * that it succeeded. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/monitors/api/http.h"
#include "tests/fuzz/fuzz.h"

enum { REQUESTS = 3, TIMEOUT = 60000 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return 0;
    CHECK(size == 0 || send(ends[1], data, size, MSG_NOSIGNAL) == (ssize_t)size);
    CHECK(shutdown(ends[1], SHUT_WR) == 0);
    struct http http = http_open(ends[0], TIMEOUT);
    for (int i = 0; i < REQUESTS; i++) {
        cleanup_error struct error error = {0};
        int status = http_call(&http, "PUT", "/x", NULL, &error);
        CHECK((status < 0) == error_is_set(&error));
        CHECK(status < 0 || memmem(data, size, " 2", 2) != NULL);
        CHECK(status == 0 || strncmp(error.message, "PUT /x: ", 8) == 0);
        CHECK(http.heard.length <= size);
    }
    http_close(&http);
    close(ends[1]);
    return 0;
}
