/* What a hostile guest says of a program of `urunc exec`: whatever it is, no more is written than it may, and
 * the conversation stays within its bounds. */
#include <fcntl.h>

#include "tests/fuzz/fuzz.h"

/* Its parts that no descriptor is needed for are static. */
#include "runtime/lifecycle/exec/exec_relay.c"

static void check(const struct exec_relay *relay)
{
    CHECK(relay->may_send <= CHANNEL_INPUT_WINDOW);
    CHECK(relay->heard_start <= relay->heard_end && relay->heard_end <= sizeof relay->heard);
    CHECK(relay->status <= UINT8_MAX);
    for (int i = 0; i < 2; i++)
        CHECK(relay->output[i].start <= relay->output[i].end && relay->output[i].end <= CHANNEL_PAYLOAD_MAX);
}

/* Takes what was heard to its end. -1: the guest was given up, or has ended. */
static int take_all(struct exec_relay *relay)
{
    cleanup_error struct error error = {0};
    for (;;) {
        bool had_started = relay->started;
        int status =
            relay->started ? take_frames(relay, &error) : take_started(relay, "program", "/", &error);
        check(relay);
        if (status < 0 || relay->ended)
            return -1;
        if (!has_output(relay) && relay->started == had_started)
            return 0;
        for (int i = 0; i < 2; i++) /* the caller's reader takes it */
            relay->output[i].start = relay->output[i].end;
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static struct exec_relay relay;
    memset(&relay, 0, sizeof relay);
    relay.may_send = CHANNEL_INPUT_WINDOW / 2;
    relay.started = size > 0 && data[0] % 2 == 0;
    for (size_t at = 1; at < size;) {
        size_t piece = 1 + data[at - 1];
        relay.heard_start = 0;
        relay.heard_end = size - at < piece ? size - at : piece;
        memcpy(relay.heard, data + at, relay.heard_end);
        at += relay.heard_end;
        if (take_all(&relay) < 0)
            break;
    }
    buffer_free(&relay.send);
    return 0;
}
