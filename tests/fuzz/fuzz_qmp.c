/* What a monitor says on its management socket: any bytes end the conversation with an error, and only the
 * answer with the command's own number is one. */
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "runtime/monitors/qemu/qmp.h"
#include "tests/fuzz/fuzz.h"

enum { NUMBER = 42, COMMANDS = 3 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    if (size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return 0;
    struct qmp qmp = QMP_NONE;
    qmp.fd = ends[0];
    qmp.deadline = clock_milliseconds() + 60000;
    qmp.number = NUMBER - 1;
    CHECK(size == 0 || send(ends[1], data, size, MSG_NOSIGNAL) == (ssize_t)size);
    CHECK(shutdown(ends[1], SHUT_WR) == 0);
    for (int i = 0; i < COMMANDS; i++) {
        cleanup_error struct error error = {0};
        cleanup_json json_t *returned = qmp_call(&qmp, "query-status", NULL, -1, &error);
        CHECK((returned == NULL) == error_is_set(&error));
        /* A number is its digits: JSON has no other way to write this one as an integer. */
        CHECK(returned == NULL || memmem(data, size, "4", 1) != NULL);
        CHECK(qmp.heard_already <= QMP_BYTES + 4096);
    }
    qmp_close(&qmp);
    close(ends[1]);
    return 0;
}
