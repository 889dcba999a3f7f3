/* Guests on the tender: what they are told, how they end, what they may call and touch. */
#include "tests/tender/tender.h"

#include <sched.h>

enum { FORBIDDEN = 128 + SIGSYS, FAULT = 128 + SIGSEGV, COMMAND_LINE_MAX = 8191 };

static void test_arguments_arrive_byte_for_byte(void **state)
{
    (void)state;
    expect_outcome(CALLS,
                   WORDS("--", "cmdline", "a  b", "", "'\"\\$(x)", "--mem=9", "\xc3\xa4\t\x01\xff", "{}"), 0,
                   "cmdline a  b  '\"\\$(x) --mem=9 \xc3\xa4\t\x01\xff {}\n");
    expect_outcome(CALLS, WORDS("--", ""), 0, "");
    expect_outcome(CALLS, WORDS("--"), 0, "");
}

static void test_the_longest_command_line(void **state)
{
    (void)state;
    char *longest = calloc(1, COMMAND_LINE_MAX + 2);
    strcpy(longest, "cmdline ");
    memset(longest + strlen(longest), 'x', COMMAND_LINE_MAX - strlen("cmdline "));
    struct outcome outcome = tender_run(CALLS, WORDS("--", longest));
    assert_int_equal(outcome.status, 0);
    assert_int_equal(strlen(outcome.text), COMMAND_LINE_MAX + 1);
    assert_memory_equal(outcome.text, longest, COMMAND_LINE_MAX);
    longest[COMMAND_LINE_MAX] = 'x';
    expect_outcome(CALLS, WORDS("--", longest), 1,
                   "urunc-spt: the guest's command line has 8192 bytes: the ABI gives it 8191 at most\n");
    free(longest);
}

static void test_every_exit_status(void **state)
{
    (void)state;
    for (int status = 0; status < 256; status++) {
        char word[16];
        snprintf(word, sizeof word, "exit:%d", status);
        expect_outcome(CALLS, WORDS("--", word), status, "");
    }
}

static void test_the_guest_is_told_its_memory(void **state)
{
    (void)state;
    struct outcome outcome = tender_run(CALLS, WORDS("--mem=1024", "--", "info", "load:end"));
    assert_int_equal(strncmp(outcome.text, "memory 1073741824 end ", 22), 0);
    assert_int_equal(outcome.status, FAULT);
}

static void test_the_stack_is_as_the_abi_says(void **state)
{
    (void)state;
    assert_non_null(strstr(tender_run(CALLS, WORDS("--", "info")).text, " stack 8 "));
}

static void test_registers_tell_nothing_of_the_tender(void **state)
{
    (void)state;
    assert_non_null(strstr(tender_run(CALLS, WORDS("--", "info")).text, " registers 0\n"));
}

static void test_the_thread_pointer_is_not_the_tenders(void **state)
{
    (void)state;
    assert_int_equal(tender_run(CALLS, WORDS("--", "thread")).status, FAULT);
    expect_outcome(CALLS, WORDS("--", "call:158:4098:buffer", "thread"), 0, "call 158: 0\nthread: 0\n");
}

static void test_clocks(void **state)
{
    (void)state;
    expect_outcome(CALLS, WORDS("--", "call:228:0:buffer", "call:228:1:buffer"), 0,
                   "call 228: 0\ncall 228: 0\n");
}

/* The event is struct epoll_event, 12 bytes on x86-64. */
static void test_the_timer_wakes_the_guest(void **state)
{
    (void)state;
    struct tender tender = tender_start(CALLS, WORDS("--", "call:286:timer:1:at-once:0",
                                                     "call:281:epoll:buffer:4:5000:0:8", "show:buffer:12"));
    char text[64] = "";
    size_t length = 0;
    ssize_t got;
    while ((got = read(tender.output, text + length, sizeof text - length)) > 0)
        length += (size_t)got;
    assert_int_equal(tender_end(&tender).status, 0);
    static const char expected[] = "call 286: 0\ncall 281: 1\n\1\0\0\0\xfe\xff\xff\xff\0\0\0";
    assert_int_equal(length, sizeof expected);
    assert_memory_equal(text, expected, sizeof expected);
}

static void test_a_wait_without_events_ends_by_its_limit(void **state)
{
    (void)state;
    expect_outcome(CALLS, WORDS("--", "call:281:epoll:buffer:4:1:0:8"), 0, "call 281: 0\n");
}

static void test_faults_end_by_their_signal(void **state)
{
    (void)state;
    static const char *const faults[] = {
        "load:0",                   /* the zero page */
        "load:65535",               /* below the memory */
        "load:end",                 /* behind it */
        "store:constant",           /* read-only data */
        "store:code",               /* text */
        "jump:buffer",              /* data */
        "jump:stack",               /* the stack */
        "jump:69632",               /* the boot information */
        "load:18446744071562067968" /* the kernel's half */
    };
    for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) {
        struct outcome outcome = tender_run(CALLS, WORDS("--", faults[i]));
        if (outcome.status != FAULT)
            fail_msg("%s: status %d", faults[i], outcome.status);
    }
}

static void test_memory_of_its_own_can_be_written(void **state)
{
    (void)state;
    expect_outcome(CALLS, WORDS("--", "store:buffer", "store:stack", "store:2097152", "load:buffer"), 0,
                   "load: 1\n");
}

/* Each ends the process before it is carried out: numbers are those of x86-64. */
static const char *const forbidden[] = {
    "call:0:0:buffer:1",                  /* read from standard input */
    "call:0:1:buffer:1",                  /* and output */
    "call:0:epoll:buffer:8",              /* and the epoll set */
    "call:0:timer:buffer:8",              /* and the timer */
    "call:1:0:constant:8",                /* write to standard input */
    "call:1:2:constant:8",                /* and error */
    "call:1:3:constant:8",                /* and what was the kernel */
    "call:1:epoll:constant:8",            /* and the epoll set */
    "call:1:4294967297:constant:8",       /* to 1, with more bits above */
    "call:1073741825:1:constant:8",       /* write of the x32 ABI */
    "call:2:constant",                    /* open */
    "call:3:1",                           /* close */
    "call:5:1:buffer",                    /* fstat */
    "call:7:buffer:0",                    /* poll */
    "call:8:1",                           /* lseek */
    "call:9:0:4096:7:34:0:0",             /* mmap */
    "call:10:buffer:4096:7",              /* mprotect */
    "call:11:buffer:4096",                /* munmap */
    "call:12",                            /* brk */
    "call:13:15",                         /* rt_sigaction */
    "call:14",                            /* rt_sigprocmask */
    "call:15",                            /* rt_sigreturn */
    "call:16:1:21505:buffer",             /* ioctl */
    "call:17:1:buffer:512",               /* pread of no disk */
    "call:18:1:buffer:512",               /* pwrite to none */
    "call:20:1:buffer:0",                 /* writev */
    "call:24",                            /* sched_yield */
    "call:32:1",                          /* dup */
    "call:39",                            /* getpid */
    "call:41:2:1:0",                      /* socket */
    "call:56",                            /* clone */
    "call:57",                            /* fork */
    "call:59:constant:0:0",               /* execve */
    "call:60:0",                          /* exit, of a thread */
    "call:62:1:0",                        /* kill */
    "call:101",                           /* ptrace */
    "call:157:22",                        /* prctl */
    "call:158:4097:buffer",               /* arch_prctl: ARCH_SET_GS */
    "call:158:4099:buffer",               /* ARCH_GET_FS */
    "call:158:4114:1",                    /* ARCH_CPUID */
    "call:202:buffer",                    /* futex */
    "call:228:2:buffer",                  /* clock_gettime: CPU time */
    "call:228:4:buffer",                  /* CLOCK_MONOTONIC_RAW */
    "call:228:7:buffer",                  /* CLOCK_BOOTTIME */
    "call:229:1:buffer",                  /* clock_getres */
    "call:231000",                        /* no call at all */
    "call:232:epoll:buffer:4:0",          /* epoll_wait */
    "call:233:epoll:1:0:buffer",          /* epoll_ctl */
    "call:257:0:constant:0",              /* openat */
    "call:281:timer:buffer:4:0:0:8",      /* epoll_pwait on another descriptor */
    "call:281:epoll:buffer:4:0:buffer:8", /* with a signal mask */
    "call:286:epoll:1:at-once:0",         /* timerfd_settime on another */
    "call:287:timer:buffer",              /* timerfd_gettime */
    "call:310",                           /* process_vm_readv */
    "call:317:0:0:0",                     /* seccomp */
    "call:319:constant:0",                /* memfd_create */
    "call:321:0:buffer:0",                /* bpf */
    "call:322:1:constant",                /* execveat */
    "call:334",                           /* rseq */
    "call:425:1:buffer",                  /* io_uring_setup */
    "call:437:0:constant",                /* openat2 */
};

static void test_every_other_call_is_the_last(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof forbidden / sizeof *forbidden; i++) {
        struct outcome outcome = tender_run(CALLS, WORDS("--", forbidden[i], "call:228:1:buffer"));
        if (outcome.status != FORBIDDEN || outcome.text[0] != '\0')
            fail_msg("%s: status %d, printed: %s", forbidden[i], outcome.status, outcome.text);
    }
}

/* By the door of 32-bit programs, where 4 is write. */
static void test_calls_of_another_architecture_are_the_last(void **state)
{
    (void)state;
    expect_outcome(CALLS, WORDS("--", "int80"), FORBIDDEN, "");
}

static void test_signals_end_a_waiting_guest(void **state)
{
    (void)state;
    static const int signals[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM};
    for (size_t i = 0; i < sizeof signals / sizeof *signals; i++) {
        struct tender tender =
            tender_start(CALLS, WORDS("--", "cmdline", "call:281:epoll:buffer:4:10000:0:8"));
        tender_expect(&tender, "10000");
        assert_int_equal(kill(tender.pid, signals[i]), 0);
        assert_int_equal(tender_end(&tender).status, 128 + signals[i]);
    }
}

static void test_a_signal_ends_a_guest_whose_stack_is_gone(void **state)
{
    (void)state;
    struct tender tender = tender_start(CALLS, WORDS("--", "cmdline", "spin"));
    tender_expect(&tender, "spin");
    usleep(100 * 1000); /* until it spins */
    assert_int_equal(kill(tender.pid, SIGTERM), 0);
    assert_int_equal(tender_end(&tender).status, 128 + SIGTERM);
}

static void test_an_ignored_signal_stays_ignored(void **state)
{
    (void)state;
    signal(SIGHUP, SIG_IGN);
    struct tender tender = tender_start(CALLS, WORDS("--", "cmdline", "call:281:epoll:buffer:4:10000:0:8"));
    signal(SIGHUP, SIG_DFL);
    tender_expect(&tender, "10000");
    kill(tender.pid, SIGHUP);
    usleep(100 * 1000); /* else the second would be handled before the first */
    kill(tender.pid, SIGTERM);
    assert_int_equal(tender_end(&tender).status, 128 + SIGTERM);
}

static void test_a_blocked_signal_is_not_inherited(void **state)
{
    (void)state;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigprocmask(SIG_BLOCK, &set, NULL);
    struct tender tender = tender_start(CALLS, WORDS("--", "cmdline", "call:281:epoll:buffer:4:10000:0:8"));
    sigprocmask(SIG_UNBLOCK, &set, NULL);
    tender_expect(&tender, "10000");
    kill(tender.pid, SIGTERM);
    assert_int_equal(tender_end(&tender).status, 128 + SIGTERM);
}

/* As in a container: the first process of a namespace gets no signal that it has no handler for. */
static int first_process(void *argument)
{
    const int *pipes = argument;
    tender_execute(
        WORDS("urunc-spt", "--mem=4", "--kernel=@60", "--", "cmdline", "call:281:epoll:buffer:4:10000:0:8"),
        pipes[1]);
}

static void test_signals_reach_the_first_process_of_a_namespace(void **state)
{
    (void)state;
    static char stack[64 * 1024];
    int pipes[2];
    int fd = open(CALLS, O_RDONLY);
    assert_int_equal(dup2(fd, 60), 60);
    assert_int_equal(pipe(pipes), 0);
    struct tender tender = {.output = pipes[0]};
    tender.pid = clone(first_process, stack + sizeof stack, CLONE_NEWPID | SIGCHLD, pipes);
    close(60);
    close(fd);
    close(pipes[1]);
    if (tender.pid < 0) {
        print_message("no PID namespace can be made here\n");
        close(pipes[0]);
        skip();
    }
    tender_expect(&tender, "10000");
    assert_int_equal(kill(tender.pid, SIGTERM), 0);
    assert_int_equal(tender_end(&tender).status, 128 + SIGTERM);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_arguments_arrive_byte_for_byte),
        cmocka_unit_test(test_the_longest_command_line),
        cmocka_unit_test(test_every_exit_status),
        cmocka_unit_test(test_the_guest_is_told_its_memory),
        cmocka_unit_test(test_the_stack_is_as_the_abi_says),
        cmocka_unit_test(test_registers_tell_nothing_of_the_tender),
        cmocka_unit_test(test_the_thread_pointer_is_not_the_tenders),
        cmocka_unit_test(test_clocks),
        cmocka_unit_test(test_the_timer_wakes_the_guest),
        cmocka_unit_test(test_a_wait_without_events_ends_by_its_limit),
        cmocka_unit_test(test_faults_end_by_their_signal),
        cmocka_unit_test(test_memory_of_its_own_can_be_written),
        cmocka_unit_test(test_every_other_call_is_the_last),
        cmocka_unit_test(test_calls_of_another_architecture_are_the_last),
        cmocka_unit_test(test_signals_end_a_waiting_guest),
        cmocka_unit_test(test_a_signal_ends_a_guest_whose_stack_is_gone),
        cmocka_unit_test(test_an_ignored_signal_stays_ignored),
        cmocka_unit_test(test_a_blocked_signal_is_not_inherited),
        cmocka_unit_test(test_signals_reach_the_first_process_of_a_namespace),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
