/* The tender on arm64: the same guest as on x86-64, in short. Numbers of system calls are arm64's. */
#include "tests/tender/tender.h"

enum { FORBIDDEN = 128 + SIGSYS, FAULT = 128 + SIGSEGV };

static void test_arguments_and_exit_status(void **state)
{
    (void)state;
    expect_outcome(CALLS, WORDS("--", "cmdline", "a  \"b\"", "exit:7"), 7, "cmdline a  \"b\" exit:7\n");
    expect_outcome(CALLS, WORDS("--", "exit:255"), 255, "");
}

static void test_calls_of_the_abi(void **state)
{
    (void)state;
    expect_outcome(CALLS,
                   WORDS("--", "call:113:0:buffer", "call:113:1:buffer", "call:86:timer:1:at-once:0",
                         "call:22:epoll:buffer:4:5000:0:8"),
                   0, "call 113: 0\ncall 113: 0\ncall 86: 0\ncall 22: 1\n");
}

static void test_every_other_call_is_the_last(void **state)
{
    static const char *const calls[] = {
        "call:172",                          /* getpid */
        "call:56:0:constant:0",              /* openat */
        "call:63:0:buffer:1",                /* read */
        "call:64:2:constant:8",              /* write to standard error */
        "call:67:1:buffer:512:0",            /* pread64 */
        "call:113:7:buffer",                 /* clock_gettime: CLOCK_BOOTTIME */
        "call:22:epoll:buffer:4:0:buffer:8", /* epoll_pwait with a signal mask */
        "call:198:2:1:0",                    /* socket */
        "call:222:0:4096:7:34:0:0",          /* mmap */
        "call:226:buffer:4096:7",            /* mprotect */
    };
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct outcome outcome = tender_run(CALLS, WORDS("--", calls[i]));
        if (outcome.status != FORBIDDEN || outcome.text[0] != '\0')
            fail_msg("%s: status %d, printed: %s", calls[i], outcome.status, outcome.text);
    }
}

static void test_faults_end_by_their_signal(void **state)
{
    static const char *const faults[] = {"load:0", "load:end", "store:constant", "store:code", "jump:buffer"};
    (void)state;
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct outcome outcome = tender_run(CALLS, WORDS("--", faults[i]));
        if (outcome.status != FAULT)
            fail_msg("%s: status %d", faults[i], outcome.status);
    }
}

static void test_a_signal_ends_a_waiting_guest(void **state)
{
    (void)state;
    struct tender tender = tender_start(CALLS, WORDS("--", "cmdline", "call:22:epoll:buffer:4:60000:0:8"));
    tender_expect(&tender, "60000");
    assert_int_equal(kill(tender.pid, SIGTERM), 0);
    assert_int_equal(tender_end(&tender).status, 128 + SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_and_exit_status),
        cmocka_unit_test(test_calls_of_the_abi),
        cmocka_unit_test(test_every_other_call_is_the_last),
        cmocka_unit_test(test_faults_end_by_their_signal),
        cmocka_unit_test(test_a_signal_ends_a_waiting_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
