/* Log lines. */

#include "formats/base/cleanup.h"
#include "runtime/lifecycle/log.h"
#include "tests/unit/fixtures/temporary.h"

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

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(log_lines_are_json_that_containerd_reads),
        with_temporary(log_lines_hold_any_text),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
