/* Seccomp profiles: what is accepted, and that a filter filters. */
#include "runtime/sandbox/privileges/seccomp.h"

#include <errno.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

static int compile(const char *text, struct seccomp_filter **filter, struct error *error)
{
    cleanup_json json_t *profile = json_loads(text, 0, NULL);
    assert_non_null(profile);
    return seccomp_compile(profile, filter, error);
}

static void assert_refused(const char *text, const char *expected)
{
    cleanup_error struct error error = {0};
    cleanup_seccomp struct seccomp_filter *filter = NULL;
    assert_int_equal(compile(text, &filter, &error), -1);
    assert_null(filter);
    assert_non_null(strstr(error.message, "linux.seccomp"));
    assert_non_null(strstr(error.message, expected));
}

static void no_profile_is_no_filter(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct seccomp_filter *filter;
    assert_int_equal(seccomp_compile(NULL, &filter, &error), 0);
    assert_null(filter);
    assert_int_equal(seccomp_install(NULL, &error), 0);
}

static void allowing_everything_asks_for_no_confinement(void **state)
{
    (void)state;
    cleanup_json json_t *all = json_pack("{s:s}", "defaultAction", "SCMP_ACT_ALLOW");
    cleanup_json json_t *some = json_pack("{s:s,s:[{}]}", "defaultAction", "SCMP_ACT_ALLOW", "syscalls");
    assert_true(seccomp_is_unconfined(all));
    assert_false(seccomp_is_unconfined(some));
    assert_false(seccomp_is_unconfined(NULL));
}

static void unknown_words_are_named(void **state)
{
    (void)state;
    assert_refused("{}", "defaultAction: missing");
    assert_refused("{\"defaultAction\":\"SCMP_ACT_MAYBE\"}", "SCMP_ACT_MAYBE");
    assert_refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_VAX\"]}",
                   "SCMP_ARCH_VAX");
    assert_refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"flags\":[\"NEW\"]}", "NEW");
    assert_refused(
        "{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":\"X\"}]}",
        "syscalls[0].action");
    assert_refused("{\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[{\"names\":[\"read\"],\"action\":"
                   "\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":6,\"value\":1,\"op\":\"SCMP_CMP_EQ\"}]}]}",
                   "args[0].index");
}

/* The exit status of a child that installs the profile and calls getppid: 0 where it works, else its errno.
 */
static int getppid_under(const char *text)
{
    pid_t pid = fork();
    if (pid == 0) {
        struct error error = {0};
        struct seccomp_filter *filter = NULL;
        prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
        if (compile(text, &filter, &error) < 0 || seccomp_install(filter, &error) < 0)
            _exit(255);
        errno = 0;
        syscall(SYS_getppid); /* glibc's own wrapper does not set errno */
        _exit(errno);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_filter_refuses_what_is_listed(void **state)
{
    (void)state;
    assert_int_equal(
        getppid_under("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getppid\","
                      "\"no_such_call\"],\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":42}]}"),
        42);
    assert_int_equal(
        getppid_under("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getuid\"],"
                      "\"action\":\"SCMP_ACT_ERRNO\"}]}"),
        0);
}

static void comparisons_of_one_argument_become_rules(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_seccomp struct seccomp_filter *filter = NULL;
    assert_int_equal(
        compile("{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"architectures\":[\"SCMP_ARCH_X86_64\",\"SCMP_ARCH_"
                "X86\"],\"syscalls\":[{\"names\":[\"clone\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":["
                "{\"index\":0,\"value\":1,\"op\":\"SCMP_CMP_EQ\"},"
                "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_EQ\"}]}]}",
                &filter, &error),
        0);
    assert_non_null(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(no_profile_is_no_filter),
        cmocka_unit_test(allowing_everything_asks_for_no_confinement),
        cmocka_unit_test(unknown_words_are_named),
        cmocka_unit_test(a_filter_refuses_what_is_listed),
        cmocka_unit_test(comparisons_of_one_argument_become_rules),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
