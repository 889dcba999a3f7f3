/* One request to a monitor's API: which answer is a success, and what ends a hostile monitor's. */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/monitors/api/http.h"
#include "tests/unit/fixtures/formats_fixture.h"

enum { SHORTLY = 100 }; /* milliseconds */

static char asked[4096];

/* Answers `said` to one request, then hangs up unless it `stays`. */
static int ask(const char *said, size_t length, json_t *body, bool stays, struct error *error)
{
    int ends[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    int room = 1 << 20;
    setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
    assert_int_equal(send(ends[1], said, length, MSG_NOSIGNAL), length);
    if (!stays)
        shutdown(ends[1], SHUT_WR);
    cleanup_http struct http http = http_open(ends[0], stays ? SHORTLY : HTTP_TIMEOUT);
    int status = http_call(&http, "PUT", "/x", body, error);
    ssize_t got = recv(ends[1], asked, sizeof asked - 1, MSG_DONTWAIT);
    asked[got > 0 ? got : 0] = '\0';
    close(ends[1]);
    return status;
}

static int hear(const char *said, struct error *error)
{
    return ask(said, strlen(said), NULL, false, error);
}

static void expect_refused(const char *said, const char *message)
{
    cleanup_error struct error error = {0};
    assert_int_equal(hear(said, &error), -1);
    if (strstr(error.message, message) == NULL)
        fail_msg("\"%s\" instead of \"%s\"", error.message, message);
}

static void a_success_is_two_hundred_and_something(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(hear("HTTP/1.1 204 \r\nServer: x\r\n\r\n", &error), 0);
    assert_int_equal(hear("HTTP/1.0 200 OK\r\ncontent-length:  2 \r\n\r\n{}", &error), 0);
    assert_int_equal(hear("HTTP/1.1 204 No Content\r\nContent-Length: 0\r\n\r\n", &error), 0);
}

static void the_request_is_whole(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    static const char said[] = "HTTP/1.1 204 \r\n\r\n";
    assert_int_equal(ask(said, strlen(said), json_pack("{s:s}", "a", "\r\n"), false, &error), 0);
    assert_string_equal(asked,
                        "PUT /x HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n"
                        "Content-Type: application/json\r\nContent-Length: 12\r\n\r\n{\"a\":\"\\r\\n\"}");
    assert_int_equal(hear(said, &error), 0);
    assert_string_equal(asked, "PUT /x HTTP/1.1\r\nHost: localhost\r\nAccept: application/json\r\n\r\n");
}

static void a_refusal_says_why(void **state)
{
    (void)state;
    expect_refused("HTTP/1.1 400 \r\nContent-Length: 22\r\n\r\n{\"fault_message\":\"no\"}", "PUT /x: no");
    expect_refused("HTTP/1.1 500 \r\nContent-Length: 21\r\n\r\n[\"a\", \"b\\n0: c\",   3]", "PUT /x: a: b");
    expect_refused("HTTP/1.1 404 \r\n\r\n", "PUT /x: the monitor refuses with the status 404");
    expect_refused("HTTP/1.1 404 \r\nContent-Length: 3\r\n\r\n[[[", "the status 404");
    expect_refused("HTTP/1.1 100 Continue\r\n\r\n", "the status 100");
    expect_refused("HTTP/1.1 302 \r\nLocation: /\r\n\r\n", "the status 302");
}

static void a_reason_is_short(void **state)
{
    (void)state;
    static char said[8192];
    cleanup_error struct error error = {0};
    int at = snprintf(said, sizeof said, "HTTP/1.1 400 \r\nContent-Length: 4000\r\n\r\n[\"");
    memset(said + at, 'a', 3996);
    memcpy(said + at + 3996, "\"]", 3);
    assert_int_equal(hear(said, &error), -1);
    assert_in_range(strlen(error.message), HTTP_TEXT, HTTP_TEXT + 20);
}

static void what_is_no_answer_is_an_error(void **state)
{
    (void)state;
    expect_refused("", "the monitor has ended the conversation");
    expect_refused("HTTP/1.1 204 \r\n", "the monitor has ended the conversation");
    expect_refused("HTTP/2 204\r\n\r\n", "not one of HTTP");
    expect_refused("HTTP/1.1 2x4 \r\n\r\n", "not one of HTTP");
    expect_refused("HTTP/1.1 2040 \r\n\r\n", "not one of HTTP");
    expect_refused("HTTP/1.1\r\n\r\n", "not one of HTTP");
    expect_refused("\r\n\r\n", "not one of HTTP");
    expect_refused("HTTP/1.1 200 \r\nContent-Length: 10\r\n\r\n123",
                   "the monitor has ended the conversation");
}

static void a_length_is_one_and_bounded(void **state)
{
    (void)state;
    static const char *const lengths[] = {"-1", "+1", "", "1 1", "0x1", "262145", "99999999999999999999"};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        char said[256];
        snprintf(said, sizeof said, "HTTP/1.1 200 \r\nContent-Length: %s\r\n\r\n1", lengths[i]);
        expect_refused(said, "the length of the monitor's answer is not one");
    }
    expect_refused("HTTP/1.1 200 \r\nContent-Length: 1\r\nContent-Length: 1\r\n\r\n1", "is not one");
    expect_refused("HTTP/1.1 200 \r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", "has no length");
}

static void a_head_has_an_end(void **state)
{
    (void)state;
    static char said[HTTP_HEAD + 8192];
    cleanup_error struct error error = {0};
    memset(said, 'a', sizeof said - 1);
    memcpy(said, "HTTP/1.1 204 \r\n", 15);
    assert_int_equal(hear(said, &error), -1);
    assert_non_null(strstr(error.message, "the head of the monitor's answer has more than 8192 bytes"));
}

static void a_nul_is_no_part_of_a_head(void **state)
{
    (void)state;
    static const char said[] = "HTTP/1.1 204 \0\r\n\r\n";
    cleanup_error struct error error = {0};
    assert_int_equal(ask(said, sizeof said - 1, NULL, false, &error), -1);
    assert_non_null(strstr(error.message, "not one of HTTP"));
}

static void nobody_is_waited_for_for_ever(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(ask("", 0, NULL, true, &error), -1);
    assert_int_equal(error.number, ETIMEDOUT);
    error_clear(&error);
    static const char said[] = "HTTP/1.1 200 \r\nContent-Length: 9\r\n\r\n1";
    assert_int_equal(ask(said, strlen(said), NULL, true, &error), -1);
    assert_int_equal(error.number, ETIMEDOUT);
}

static void one_answer_after_another_is_heard(void **state)
{
    (void)state;
    int ends[2];
    cleanup_error struct error error = {0};
    static const char said[] = "HTTP/1.1 200 \r\nContent-Length: 2\r\n\r\n{}HTTP/1.1 400 \r\n\r\n";
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends), 0);
    assert_int_equal(send(ends[1], said, strlen(said), 0), strlen(said));
    cleanup_http struct http http = http_open(ends[0], HTTP_TIMEOUT);
    assert_int_equal(http_call(&http, "GET", "/", NULL, &error), 0);
    assert_int_equal(http_call(&http, "GET", "/", NULL, &error), -1);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_success_is_two_hundred_and_something),
        cmocka_unit_test(the_request_is_whole),
        cmocka_unit_test(a_refusal_says_why),
        cmocka_unit_test(a_reason_is_short),
        cmocka_unit_test(what_is_no_answer_is_an_error),
        cmocka_unit_test(a_length_is_one_and_bounded),
        cmocka_unit_test(a_head_has_an_end),
        cmocka_unit_test(a_nul_is_no_part_of_a_head),
        cmocka_unit_test(nobody_is_waited_for_for_ever),
        cmocka_unit_test(one_answer_after_another_is_heard),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
