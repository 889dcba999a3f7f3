/* Messages between the commands and the container's process. */
#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "runtime/process/message.h"
#include "tests/unit/fixtures/formats_fixture.h"

enum { SHORT = 60 }; /* milliseconds */

static void open_pair(int ends[2])
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
}

static void texts_are_cut_at_their_bound(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    int ends[2];
    struct message message;
    open_pair(ends);
    char *longer = calloc(1, 2 * MESSAGE_TEXT);
    memset(longer, 'x', 2 * MESSAGE_TEXT - 1);
    assert_int_equal(message_send(ends[0], MESSAGE_NETWORK, "eth0 urunc0", &error), 0);
    assert_int_equal(message_send(ends[0], MESSAGE_ERROR, longer, &error), 0);
    free(longer);
    assert_int_equal(message_expect(ends[1], SHORT, MESSAGE_NETWORK, &message, &error), 0);
    assert_string_equal(message.text, "eth0 urunc0");
    assert_int_equal(message_expect(ends[1], SHORT, MESSAGE_CREATED, &message, &error), -1);
    assert_int_equal(strlen(message.text), MESSAGE_TEXT - 1);
    assert_memory_equal(error.message, "xxxx", 4);
    close(ends[0]);
    close(ends[1]);
}

static void an_end_is_a_message_unless_another_is_expected(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    int ends[2];
    struct message message;
    open_pair(ends);
    close(ends[0]);
    assert_int_equal(message_receive(ends[1], SHORT, &message, &error), 0);
    assert_int_equal(message.type, MESSAGE_END);
    assert_int_equal(message_expect(ends[1], MESSAGE_NO_TIMEOUT, MESSAGE_CREATED, &message, &error), -1);
    assert_string_equal(error.message, "the container's process ended early");
    error_clear(&error);
    assert_int_equal(message_send(ends[1], MESSAGE_ENTER, "", &error), -1);
    close(ends[1]);
}

static void a_side_that_says_nothing_is_waited_for_only_so_long(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    int ends[2];
    struct message message;
    open_pair(ends);
    int64_t before = clock_milliseconds();
    assert_int_equal(message_receive(ends[1], SHORT, &message, &error), -1);
    assert_int_equal(error.number, ETIMEDOUT);
    assert_true(clock_milliseconds() - before >= SHORT);
    close(ends[0]);
    close(ends[1]);
}

static void ignore(int number)
{
    (void)number;
}

static volatile sig_atomic_t interrupting;

/* For three seconds, or until the wait is over. */
static void *interrupt(void *thread)
{
    for (int i = 0; i < 600 && interrupting; i++) {
        usleep(5000);
        pthread_kill(*(pthread_t *)thread, SIGUSR1);
    }
    return NULL;
}

static void signals_do_not_make_the_wait_longer(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    int ends[2];
    struct message message;
    struct sigaction action = {.sa_handler = ignore};
    pthread_t self = pthread_self(), other;
    open_pair(ends);
    sigaction(SIGUSR1, &action, NULL);
    interrupting = 1;
    int64_t before = clock_milliseconds();
    assert_int_equal(pthread_create(&other, NULL, interrupt, &self), 0);
    assert_int_equal(message_receive(ends[1], SHORT, &message, &error), -1);
    int64_t took = clock_milliseconds() - before;
    interrupting = 0;
    pthread_join(other, NULL);
    assert_int_equal(error.number, ETIMEDOUT);
    assert_in_range(took, SHORT, SHORT + 2000);
    close(ends[0]);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(texts_are_cut_at_their_bound),
        cmocka_unit_test(an_end_is_a_message_unless_another_is_expected),
        cmocka_unit_test(a_side_that_says_nothing_is_waited_for_only_so_long),
        cmocka_unit_test(signals_do_not_make_the_wait_longer),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
