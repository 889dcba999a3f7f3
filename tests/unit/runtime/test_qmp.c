/* A conversation with QEMU: which answer is taken, and what ends a hostile monitor's. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/clock.h"
#include "runtime/monitors/qemu/qmp.h"
#include "tests/unit/fixtures/formats_fixture.h"

#define GREETING "{\"QMP\": {\"version\": {}, \"capabilities\": []}}\r\n"
#define ACCEPTED "{\"return\": {}, \"id\": @}\r\n"

/* What the monitor answers to one command after another; "@" is the command's number. */
struct script {
    const char *greeting;
    const char *answers[4];
    bool takes_descriptor; /* writes a byte into the descriptor that came along */
    bool floods;           /* goes on for ever */
};

static struct qmp qmp;
static pid_t monitor;

static long long receive_number(int fd, const struct script *script)
{
    char text[4096], control[CMSG_SPACE(sizeof(int))];
    struct iovec part = {.iov_base = text, .iov_len = sizeof text - 1};
    struct msghdr message = {
        .msg_iov = &part, .msg_iovlen = 1, .msg_control = control, .msg_controllen = sizeof control};
    ssize_t got = recvmsg(fd, &message, 0);
    if (got <= 0)
        _exit(0);
    text[got] = '\0';
    const struct cmsghdr *header = CMSG_FIRSTHDR(&message);
    int descriptor = -1;
    if (header != NULL)
        memcpy(&descriptor, CMSG_DATA(header), sizeof descriptor);
    if (script->takes_descriptor && descriptor >= 0 && write(descriptor, "!", 1) != 1)
        _exit(1);
    const char *number = strstr(text, "\"id\":");
    return number != NULL ? strtoll(number + 5, NULL, 10) : -1;
}

static size_t write_answer(char *text, size_t size, const char *answer, long long number)
{
    const char *place = strchr(answer, '@');
    int before = place != NULL ? (int)(place - answer) : (int)strlen(answer);
    int length = place != NULL ? snprintf(text, size, "%.*s%lld%s", before, answer, number, place + 1)
                               : snprintf(text, size, "%s", answer);
    return (size_t)length;
}

static _Noreturn void play(int fd, const struct script *script)
{
    char text[4096];
    send(fd, script->greeting, strlen(script->greeting), MSG_NOSIGNAL);
    for (size_t i = 0; i < 4 && script->answers[i] != NULL; i++) {
        long long number = receive_number(fd, script);
        size_t length = write_answer(text, sizeof text, script->answers[i], number);
        do {
            if (send(fd, text, length, MSG_NOSIGNAL) < 0)
                _exit(0);
        } while (script->floods && i > 0);
    }
    _exit(0);
}

static int converse_with(const struct script *script, struct error *error)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    monitor = fork();
    if (monitor == 0) {
        close(ends[0]);
        play(ends[1], script);
    }
    close(ends[1]);
    return qmp_open(ends[0], &qmp, error);
}

static int end_conversation(void **state)
{
    (void)state;
    qmp_close(&qmp);
    if (monitor > 0)
        waitpid(monitor, NULL, 0);
    monitor = 0;
    return 0;
}

static void a_command_returns_what_qemu_returns(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct script script = {
        GREETING, {ACCEPTED, "{\"return\": {\"status\": \"running\"}, \"id\": @}\r\n"}, 0, 0};
    assert_int_equal(converse_with(&script, &error), 0);
    cleanup_json json_t *returned = qmp_call(&qmp, "query-status", NULL, -1, &error);
    assert_non_null(returned);
    assert_string_equal(json_string_value(json_object_get(returned, "status")), "running");
}

static void events_and_the_answers_of_others_are_passed_over(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct script script = {
        "{\"return\": {\"of\": \"another\"}, \"id\": 1}\r\n" GREETING "{\"event\": \"STOP\"}\r\n",
        {ACCEPTED,
         "{\"event\": \"STOP\", \"data\": {}}\r\n{\"return\": {\"of\": \"another\"}, \"id\": \"x\"}\r\n"
         "{\"return\": {\"of\": \"another\"}, \"id\": 0}\r\n{\"return\": {\"of\": \"us\"}, \"id\": "
         "@}\r\n"},
        0,
        0};
    assert_int_equal(converse_with(&script, &error), 0);
    cleanup_json json_t *returned = qmp_call(&qmp, "stop", NULL, -1, &error);
    assert_string_equal(json_string_value(json_object_get(returned, "of")), "us");
}

static void a_refusal_is_an_error_that_names_the_command(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct script script = {
        GREETING, {ACCEPTED, "{\"error\": {\"class\": \"X\", \"desc\": \"not now\"}, \"id\": @}\r\n"}, 0, 0};
    assert_int_equal(converse_with(&script, &error), 0);
    assert_int_equal(qmp_do(&qmp, "cont", NULL, -1, &error), -1);
    assert_string_equal(error.message, "cont: not now");
}

static void a_descriptor_travels_with_its_command(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    int ends[2];
    char byte = 0;
    const struct script script = {GREETING, {ACCEPTED, ACCEPTED}, .takes_descriptor = true};
    assert_int_equal(pipe(ends), 0);
    assert_int_equal(converse_with(&script, &error), 0);
    assert_int_equal(qmp_do(&qmp, "getfd", json_pack("{s:s}", "fdname", "a"), ends[1], &error), 0);
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(byte, '!');
    close(ends[0]);
    close(ends[1]);
}

static void a_monitor_that_is_silent_is_given_up_at_the_deadline(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct script script = {GREETING, {ACCEPTED, "{\"return\": {}, \"id\": 0}\r\n"}, 0, 0};
    int others[2]; /* keeps the conversation open */
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, others), 0);
    assert_int_equal(converse_with(&script, &error), 0);
    close(qmp.fd);
    qmp.fd = others[0];
    qmp.deadline = clock_milliseconds() + 50;
    assert_int_equal(qmp_do(&qmp, "stop", NULL, -1, &error), -1);
    assert_int_equal(error.number, ETIMEDOUT);
    close(others[1]);
}

static void a_monitor_that_ends_is_an_error(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct script script = {GREETING, {NULL}, 0, 0};
    assert_int_equal(converse_with(&script, &error), -1);
    assert_non_null(error.message);
}

static void a_monitor_that_never_stops_is_given_up(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct script script = {GREETING, {ACCEPTED, "{\"event\": \"X\"}\r\n"}, .floods = true};
    assert_int_equal(converse_with(&script, &error), 0);
    qmp.deadline = clock_milliseconds() + 60 * 1000;
    assert_int_equal(qmp_do(&qmp, "stop", NULL, -1, &error), -1);
    assert_non_null(strstr(error.message, "bytes and no answer"));
}

static void check_refused(const char *answer, const char *text)
{
    cleanup_error struct error error = {0};
    const struct script script = {GREETING, {ACCEPTED, answer}, 0, 0};
    assert_int_equal(converse_with(&script, &error), 0);
    assert_int_equal(qmp_do(&qmp, "stop", NULL, -1, &error), -1);
    if (strstr(error.message, text) == NULL)
        fail_msg("%s: %s", answer, error.message);
    end_conversation(NULL);
}

static void what_is_no_message_is_refused(void **state)
{
    (void)state;
    check_refused("[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[0]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]]\r\n", "32 levels");
    check_refused("[1]\r\n", "not an object");
    check_refused("nonsense\r\n", "the monitor's answer:1:");
    check_refused("{\"id\": @}\r\n", "neither a result nor an error");
    check_refused("{\"id\": @, \"error\": {\"desc\": 1}}\r\n", "neither a result nor an error");
}

/* Brackets in a text are text. */
static void a_text_may_have_any_number_of_brackets(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct script script = {
        GREETING,
        {ACCEPTED, "{\"return\": \"\\\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[\", \"id\": @}\r\n"},
        0,
        0};
    assert_int_equal(converse_with(&script, &error), 0);
    assert_int_equal(qmp_do(&qmp, "stop", NULL, -1, &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(a_command_returns_what_qemu_returns, end_conversation),
        cmocka_unit_test_teardown(events_and_the_answers_of_others_are_passed_over, end_conversation),
        cmocka_unit_test_teardown(a_refusal_is_an_error_that_names_the_command, end_conversation),
        cmocka_unit_test_teardown(a_descriptor_travels_with_its_command, end_conversation),
        cmocka_unit_test_teardown(a_monitor_that_is_silent_is_given_up_at_the_deadline, end_conversation),
        cmocka_unit_test_teardown(a_monitor_that_ends_is_an_error, end_conversation),
        cmocka_unit_test_teardown(a_monitor_that_never_stops_is_given_up, end_conversation),
        cmocka_unit_test_teardown(what_is_no_message_is_refused, end_conversation),
        cmocka_unit_test_teardown(a_text_may_have_any_number_of_brackets, end_conversation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
