/* A request to a guest's agent: which answer is taken, and what ends a guest's silence and its flood. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/clock.h"
#include "runtime/lifecycle/channel_call.h"
#include "tests/unit/fixtures/formats_fixture.h"

enum { OURS = 7, OTHERS = 8 }; /* sessions */

static struct channel_call call;
static int guest; /* the agent's end of the control socket */

static int begin_call(void **state)
{
    (void)state;
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    guest = ends[0];
    call = CHANNEL_CALL_NONE;
    call.fd = ends[1];
    call.session = OURS;
    call.deadline = clock_milliseconds() + 60 * 1000;
    return 0;
}

static int end_call(void **state)
{
    (void)state;
    channel_call_end(&call);
    close(guest);
    return 0;
}

static void guest_sends(enum channel_type type, uint16_t session, const void *payload, uint32_t length)
{
    uint8_t frame[CHANNEL_FRAME_MAX];
    size_t size = channel_write(frame, type, session, payload, length);
    assert_int_equal(send(guest, frame, size, MSG_NOSIGNAL), size);
}

static void guest_answers(uint16_t session, uint32_t number)
{
    uint8_t payload[4];
    channel_put32(payload, number);
    guest_sends(CHANNEL_DONE, session, payload, sizeof payload);
}

static void the_answer_is_the_number_of_the_own_session(void **state)
{
    (void)state;
    uint32_t number = 0;
    assert_int_equal(channel_call_progress(&call, &number), CHANNEL_CALL_PENDING);
    guest_answers(OTHERS, EPERM);
    assert_int_equal(channel_call_progress(&call, &number), CHANNEL_CALL_PENDING);
    guest_answers(OURS, ESRCH);
    assert_int_equal(channel_call_progress(&call, &number), CHANNEL_CALL_ANSWERED);
    assert_int_equal(number, ESRCH);
}

static void events_are_no_answer(void **state)
{
    (void)state;
    uint32_t number = 0;
    uint8_t payload[4] = {0};
    guest_sends(CHANNEL_EXITED, OURS, payload, sizeof payload);
    assert_int_equal(channel_call_progress(&call, &number), CHANNEL_CALL_PENDING);
}

static void an_answer_of_another_length_fails(void **state)
{
    (void)state;
    uint32_t number = 0;
    uint8_t payload[3] = {0};
    guest_sends(CHANNEL_DONE, OURS, payload, sizeof payload);
    assert_int_equal(channel_call_progress(&call, &number), CHANNEL_CALL_FAILED);
}

static void an_overlong_frame_fails(void **state)
{
    (void)state;
    uint32_t number = 0;
    const uint8_t header[sizeof(struct channel_header)] = {CHANNEL_STATE, 0, 0, 0, 0, 0, 0, 1};
    assert_int_equal(send(guest, header, sizeof header, MSG_NOSIGNAL), sizeof header);
    assert_int_equal(channel_call_progress(&call, &number), CHANNEL_CALL_FAILED);
}

static void a_guest_that_leaves_fails(void **state)
{
    (void)state;
    uint32_t number = 0;
    assert_int_equal(shutdown(guest, SHUT_RDWR), 0);
    assert_int_equal(channel_call_progress(&call, &number), CHANNEL_CALL_FAILED);
}

static void silence_fails_at_the_deadline(void **state)
{
    (void)state;
    uint32_t number = 0;
    call.deadline = clock_milliseconds();
    assert_int_equal(channel_call_progress(&call, &number), CHANNEL_CALL_FAILED);
}

static void a_flood_fails_after_so_many_bytes(void **state)
{
    (void)state;
    static const uint8_t frames[CHANNEL_PAYLOAD_MAX];
    enum channel_progress progress = CHANNEL_CALL_PENDING;
    uint32_t number = 0;
    size_t sent;
    for (sent = 0; progress == CHANNEL_CALL_PENDING && sent <= CHANNEL_CALL_BYTES; sent += sizeof frames) {
        assert_int_equal(send(guest, frames, sizeof frames, MSG_NOSIGNAL), sizeof frames);
        progress = channel_call_progress(&call, &number);
    }
    assert_int_equal(progress, CHANNEL_CALL_FAILED);
    assert_int_equal(sent, CHANNEL_CALL_BYTES);
}

#define IN_A_CALL(test) cmocka_unit_test_setup_teardown(test, begin_call, end_call)

int main(void)
{
    const struct CMUnitTest tests[] = {
        IN_A_CALL(the_answer_is_the_number_of_the_own_session),
        IN_A_CALL(events_are_no_answer),
        IN_A_CALL(an_answer_of_another_length_fails),
        IN_A_CALL(an_overlong_frame_fails),
        IN_A_CALL(a_guest_that_leaves_fails),
        IN_A_CALL(silence_fails_at_the_deadline),
        IN_A_CALL(a_flood_fails_after_so_many_bytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
