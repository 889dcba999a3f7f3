/* The client's side of a further program, against a guest that keeps to nothing. */
#include "runtime/lifecycle/exec/exec_relay.h"

#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/formats_fixture.h"

static int guest;
static int port;
static struct exec_relay relay;
static struct error failed;

static int set_up(void **state)
{
    (void)state;
    int pair[2];
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair) < 0)
        return -1;
    port = pair[0];
    guest = pair[1];
    failed = (struct error){0};
    if (exec_relay_init(&relay, port, false, &failed) < 0)
        return -1;
    /* Nothing of the test's own streams. */
    relay.input_open = false;
    relay.output[0].fd = relay.output[1].fd = -1;
    relay.started = true;
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    exec_relay_free(&relay);
    error_clear(&failed);
    close(port);
    if (guest >= 0)
        close(guest);
    return 0;
}

static void guest_sends(enum channel_type type, const void *payload, uint32_t length)
{
    uint8_t frame[CHANNEL_FRAME_MAX];
    size_t size = channel_write(frame, type, 0, payload, length);
    assert_int_equal(send(guest, frame, size, MSG_NOSIGNAL), size);
}

static void guest_sends_number(enum channel_type type, uint32_t number)
{
    uint8_t payload[4];
    channel_put32(payload, number);
    guest_sends(type, payload, sizeof payload);
}

static void guest_leaves(void)
{
    close(take_fd(guest));
}

static void the_status_is_the_programs(void **state)
{
    (void)state;
    guest_sends_number(CHANNEL_EXITED, 7);
    assert_int_equal(exec_relay_run(&relay, &failed), 7);
}

static void a_program_whose_guest_ended_was_killed(void **state)
{
    (void)state;
    guest_leaves();
    assert_int_equal(exec_relay_run(&relay, &failed), 128 + SIGKILL);
}

static void a_status_that_none_can_have_breaks_the_protocol(void **state)
{
    (void)state;
    guest_sends_number(CHANNEL_EXITED, 256);
    assert_int_equal(exec_relay_run(&relay, &failed), -1);
    assert_non_null(strstr(failed.message, "breaks the protocol"));
}

static void more_input_than_was_sent_cannot_be_taken(void **state)
{
    (void)state;
    relay.may_send = CHANNEL_INPUT_WINDOW - 10;
    guest_sends_number(CHANNEL_TAKEN, 10);
    guest_sends_number(CHANNEL_TAKEN, 1);
    assert_int_equal(exec_relay_run(&relay, &failed), -1);
    assert_non_null(strstr(failed.message, "breaks the protocol"));
}

static void an_overlong_frame_breaks_the_protocol(void **state)
{
    (void)state;
    const uint8_t header[sizeof(struct channel_header)] = {CHANNEL_OUTPUT, 0, 0, 0, 0, 0, 0, 1};
    assert_int_equal(send(guest, header, sizeof header, MSG_NOSIGNAL), sizeof header);
    assert_int_equal(exec_relay_run(&relay, &failed), -1);
    assert_non_null(strstr(failed.message, "breaks the protocol"));
}

/* Else the port, which is closed and would have to take them, keeps poll(2) from waiting for a slow reader.
 */
static void frames_for_a_port_that_is_closed_are_dropped(void **state)
{
    (void)state;
    buffer_add(&relay.send, "frame", strlen("frame"));
    guest_leaves();
    assert_int_equal(exec_relay_run(&relay, &failed), 128 + SIGKILL);
    assert_int_equal(relay.send.length, 0);
}

static void frames_for_a_port_that_is_full_wait(void **state)
{
    (void)state;
    static char bytes[1 << 22];
    buffer_add(&relay.send, bytes, sizeof bytes);
    guest_sends_number(CHANNEL_EXITED, 3);
    relay.output[0].fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
    assert_true(relay.output[0].fd >= 0);
    assert_int_equal(exec_relay_run(&relay, &failed), 3);
    close(relay.output[0].fd);
    assert_true(relay.send.length > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(the_status_is_the_programs, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_program_whose_guest_ended_was_killed, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_status_that_none_can_have_breaks_the_protocol, set_up, tear_down),
        cmocka_unit_test_setup_teardown(more_input_than_was_sent_cannot_be_taken, set_up, tear_down),
        cmocka_unit_test_setup_teardown(an_overlong_frame_breaks_the_protocol, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frames_for_a_port_that_is_closed_are_dropped, set_up, tear_down),
        cmocka_unit_test_setup_teardown(frames_for_a_port_that_is_full_wait, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
