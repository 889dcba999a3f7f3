/* What a guest answers to a request: any bytes end the call, or leave it waiting, and never as an answer to
 * another session's. The first byte says in how large pieces they come. */
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/clock.h"
#include "runtime/lifecycle/channel_call.h"
#include "tests/fuzz/fuzz.h"

enum { SESSION = 0x4141 };

/* True if the bytes hold our session number at all. */
static bool names_session(const uint8_t *data, size_t size)
{
    for (size_t i = 0; i + 1 < size; i++)
        if (channel_get16(data + i) == SESSION)
            return true;
    return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    int ends[2];
    if (size < 1 || size > 65536 || socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return 0;
    static struct channel_call call;
    memset(&call, 0, sizeof call);
    call.fd = ends[0];
    call.session = SESSION;
    call.deadline = clock_milliseconds() + 60000;
    enum channel_progress progress = CHANNEL_CALL_PENDING;
    uint32_t number = 0;
    size_t piece = 1 + (size_t)data[0] * 16;
    for (size_t at = 1; at < size && progress == CHANNEL_CALL_PENDING; at += piece) {
        size_t length = size - at < piece ? size - at : piece;
        CHECK(send(ends[1], data + at, length, MSG_NOSIGNAL) == (ssize_t)length);
        progress = channel_call_progress(&call, &number);
    }
    CHECK(progress != CHANNEL_CALL_ANSWERED || names_session(data + 1, size - 1));
    close(ends[1]);
    if (progress == CHANNEL_CALL_PENDING)
        CHECK(channel_call_progress(&call, &number) == CHANNEL_CALL_FAILED);
    channel_call_end(&call);
    return 0;
}
