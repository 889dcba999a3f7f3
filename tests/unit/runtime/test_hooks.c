/* Running an engine's hooks. */
#include "runtime/bundle/hooks.h"

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/temporary.h"

/* One hook of /bin/sh; its $0 is the temporary directory. */
static json_t *shell_hook(void **state, const char *script, int timeout)
{
    struct temporary *temporary = *state;
    json_t *hook = json_pack("{s:s, s:[s,s,s,s], s:[s]}", "path", "/bin/sh", "args", "sh", "-c", script,
                             temporary->path, "env", "COLOUR=green");
    if (timeout > 0)
        json_object_set_new(hook, "timeout", json_integer(timeout));
    return json_pack("{s:[o]}", "prestart", hook);
}

static void a_hook_gets_the_state_and_its_own_environment(void **state)
{
    cleanup_error struct error error = {0};
    cleanup_json json_t *hooks = shell_hook(state, "cat > $0/in; echo $COLOUR:$PATH_SET:$HOME > $0/env", 0);
    assert_int_equal(hooks_check(hooks, "config.json", &error), 0);
    assert_int_equal(hooks_run(hooks, HOOK_PRESTART, "{\"id\":\"x\"}", &error), 0);
    cleanup_free char *input = temporary_read(*state, "in");
    cleanup_free char *environment = temporary_read(*state, "env");
    assert_string_equal(input, "{\"id\":\"x\"}");
    assert_string_equal(environment, "green::\n");
}

static void a_failure_carries_status_and_output(void **state)
{
    cleanup_error struct error error = {0};
    cleanup_json json_t *hooks = shell_hook(state, "echo went wrong >&2; exit 9", 0);
    assert_int_equal(hooks_run(hooks, HOOK_PRESTART, "{}", &error), -1);
    assert_string_equal(error.message, "prestart hook: /bin/sh: exit status 9: went wrong");
}

static void a_hook_that_does_not_exist_fails(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_json json_t *hooks = json_pack("{s:[{s:s}]}", "poststop", "path", "/nonexistent/hook");
    assert_int_equal(hooks_run(hooks, HOOK_POSTSTOP, "{}", &error), -1);
    assert_non_null(strstr(error.message, "No such file"));
}

static void a_hook_that_takes_too_long_is_killed(void **state)
{
    cleanup_error struct error error = {0};
    cleanup_json json_t *hooks = shell_hook(state, "sleep 30; touch $0/survived", 1);
    assert_int_equal(hooks_run(hooks, HOOK_PRESTART, "{}", &error), -1);
    assert_non_null(strstr(error.message, "not done after 1 seconds"));
    assert_int_equal(temporary_count(*state, "."), 0);
}

static void a_hook_need_not_read_its_input(void **state)
{
    cleanup_error struct error error = {0};
    char *large = xcalloc(1 << 20, 1);
    memset(large, ' ', (1 << 20) - 1);
    cleanup_json json_t *hooks = shell_hook(state, "exit 0", 0);
    assert_int_equal(hooks_run(hooks, HOOK_PRESTART, large, &error), 0);
    free(large);
}

static void the_first_failure_ends_the_row(void **state)
{
    cleanup_error struct error error = {0};
    struct temporary *temporary = *state;
    cleanup_json json_t *hooks = shell_hook(state, "exit 1", 0);
    cleanup_json json_t *second = shell_hook(state, "touch $0/second", 0);
    json_array_append(json_object_get(hooks, "prestart"),
                      json_array_get(json_object_get(second, "prestart"), 0));
    assert_int_equal(hooks_run(hooks, HOOK_PRESTART, "{}", &error), -1);
    assert_int_equal(temporary_count(temporary, "."), 0);
}

static void no_hooks_are_no_work(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_false(hooks_has(NULL, HOOK_POSTSTOP));
    assert_int_equal(hooks_check(NULL, "config.json", &error), 0);
    assert_int_equal(hooks_run(NULL, HOOK_POSTSTOP, "{}", &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_hook_gets_the_state_and_its_own_environment),
        with_temporary(a_failure_carries_status_and_output),
        with_temporary(a_hook_that_does_not_exist_fails),
        with_temporary(a_hook_that_takes_too_long_is_killed),
        with_temporary(a_hook_need_not_read_its_input),
        with_temporary(the_first_failure_ends_the_row),
        with_temporary(no_hooks_are_no_work),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
