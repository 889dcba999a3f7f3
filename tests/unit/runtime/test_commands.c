/* Command lines, signal names, log lines and messages. */
#include <signal.h>
#include <sys/socket.h>

#include "formats/base/cleanup.h"
#include "runtime/commands/options.h"
#include "runtime/lifecycle/container.h"
#include "runtime/process/message.h"
#include "tests/unit/fixtures/temporary.h"

static int parse(const char *const *words, bool stop, const char **bundle, bool *force, struct words *rest,
                 struct error *error)
{
    const struct option_spec specs[] = {
        {"bundle", 'b', "DIR", "", bundle},
        {"force", 'f', NULL, "", force},
        {"ignored", 0, "N", "", NULL},
        {NULL, 0, NULL, NULL, NULL},
    };
    return options_parse(specs, (char *const *)words, stop, rest, error);
}

static void options_are_taken_in_every_spelling(void **state)
{
    (void)state;
    static const char *const lines[][6] = {{"x", "--bundle", "d", "-f", "id", NULL},
                                           {"x", "--bundle=d", "id", "--force", NULL, NULL},
                                           {"x", "-b", "d", "--force=true", "id", NULL},
                                           {"x", "-bundle", "d", "-force", "id", NULL}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cleanup_error struct error error = {0};
        cleanup_words struct words rest = {0};
        const char *bundle = NULL;
        bool force = false;
        assert_true(parse(lines[i], false, &bundle, &force, &rest, &error) > 0);
        assert_string_equal(bundle, "d");
        assert_true(force);
        assert_int_equal(rest.count, 1);
        assert_string_equal(rest.items[0], "id");
    }
}

static void unknown_options_and_missing_values_are_errors(void **state)
{
    (void)state;
    static const char *const lines[][3] = {
        {"x", "--nope", NULL}, {"x", "--bundle", NULL}, {"x", "--force=7", NULL}, {"x", "-z", NULL}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cleanup_error struct error error = {0};
        cleanup_words struct words rest = {0};
        const char *bundle = NULL;
        bool force = false;
        assert_int_equal(parse(lines[i], false, &bundle, &force, &rest, &error), -1);
        assert_non_null(strchr(error.message, '-'));
    }
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    static const char *const line[] = {"x", "--", "--force", "-b", NULL};
    cleanup_error struct error error = {0};
    cleanup_words struct words rest = {0};
    const char *bundle = NULL;
    bool force = false;
    assert_true(parse(line, false, &bundle, &force, &rest, &error) > 0);
    assert_false(force);
    assert_int_equal(rest.count, 2);
    assert_string_equal(rest.items[0], "--force");
}

static void global_flags_end_at_the_command(void **state)
{
    (void)state;
    static const char *const line[] = {"x", "--force", "create", "--bundle", "d", NULL};
    cleanup_error struct error error = {0};
    const char *bundle = NULL;
    bool force = false;
    assert_int_equal(parse(line, true, &bundle, &force, NULL, &error), 2);
    assert_null(bundle);
}

static void signals_have_names_and_numbers(void **state)
{
    (void)state;
    assert_int_equal(signal_from_name("TERM"), SIGTERM);
    assert_int_equal(signal_from_name("SIGKILL"), SIGKILL);
    assert_int_equal(signal_from_name("sigusr1"), SIGUSR1);
    assert_int_equal(signal_from_name("9"), SIGKILL);
    assert_int_equal(signal_from_name("RTMIN+3"), SIGRTMIN + 3);
    assert_int_equal(signal_from_name("0"), -1);
    assert_int_equal(signal_from_name("999"), -1);
    assert_int_equal(signal_from_name("9x"), -1);
    assert_int_equal(signal_from_name("-9"), -1);
    assert_int_equal(signal_from_name(""), -1);
    assert_int_equal(signal_from_name("NOPE"), -1);
}

static void log_lines_are_json_that_containerd_reads(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    struct log log = {.fd = -1};
    char path[300];
    snprintf(path, sizeof path, "%s/log", temporary->path);
    assert_int_equal(log_open(&log, path, "xml", &error), -1);
    assert_int_equal(log_open(&log, path, "json", &error), 0);
    log_line(&log, LOG_LEVEL_ERROR, "a \"quoted\" failure (this line belongs to the test)");
    log_line(&log, LOG_LEVEL_DEBUG, "not without --debug");
    close(log.fd);
    cleanup_free char *text = temporary_read(temporary, "log");
    cleanup_json json_t *line = json_loads(text, 0, NULL);
    assert_string_equal(json_string_value(json_object_get(line, "level")), "error");
    assert_non_null(strstr(json_string_value(json_object_get(line, "msg")), "a \"quoted\" failure"));
    assert_non_null(json_object_get(line, "time"));
}

static void log_lines_hold_any_text(void **state)
{
    struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    char path[300];
    snprintf(path, sizeof path, "%s/log", temporary->path);
    struct log as_text = {.fd = -1}, as_json = {.fd = -1};
    assert_int_equal(log_open(&as_text, path, "text", &error), 0);
    log_line(&as_text, LOG_LEVEL_ERROR, "container \"x\" of a\\b (this line belongs to the test)");
    close(as_text.fd);
    cleanup_free char *text = temporary_read(temporary, "log");
    assert_non_null(strstr(text, " msg=\"container \\\"x\\\" of a\\\\b (this line belongs to the test)\"\n"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(log_open(&as_json, path, "json", &error), 0);
    log_line(&as_json, LOG_LEVEL_ERROR, "a name of \xff bytes (this line belongs to the test)");
    close(as_json.fd);
    cleanup_free char *encoded = temporary_read(temporary, "log");
    cleanup_json json_t *line = json_loads(encoded, 0, NULL);
    const char *message = json_string_value(json_object_get(line, "msg"));
    assert_string_equal(message, "a name of \\xff bytes (this line belongs to the test)");
}

static void messages_keep_their_bounds_and_ends_are_seen(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    int ends[2];
    struct message message;
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends), 0);
    char *longer = calloc(1, 2 * MESSAGE_TEXT);
    memset(longer, 'x', 2 * MESSAGE_TEXT - 1);
    assert_int_equal(message_send(ends[0], MESSAGE_NETWORK, "eth0 urunc0", &error), 0);
    assert_int_equal(message_send(ends[0], MESSAGE_ERROR, longer, &error), 0);
    free(longer);
    close(ends[0]);
    assert_int_equal(message_expect(ends[1], MESSAGE_NETWORK, &message, &error), 0);
    assert_string_equal(message.text, "eth0 urunc0");
    assert_int_equal(message_expect(ends[1], MESSAGE_CREATED, &message, &error), -1);
    assert_int_equal(strlen(message.text), MESSAGE_TEXT - 1);
    assert_memory_equal(error.message, "xxxx", 4);
    assert_int_equal(message_receive(ends[1], &message, &error), 0);
    assert_int_equal(message.type, MESSAGE_END);
    close(ends[1]);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_taken_in_every_spelling),
        cmocka_unit_test(unknown_options_and_missing_values_are_errors),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(global_flags_end_at_the_command),
        cmocka_unit_test(signals_have_names_and_numbers),
        with_temporary(log_lines_are_json_that_containerd_reads),
        with_temporary(log_lines_hold_any_text),
        cmocka_unit_test(messages_keep_their_bounds_and_ends_are_seen),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
