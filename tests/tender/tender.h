/* urunc-spt started with test guests of tests/guests/solo5, and what became of it. URUNC_SPT and GUESTS are
 * set by CMake. */
#ifndef TESTS_TENDER_TENDER_H
#define TESTS_TENDER_TENDER_H

#include "tests/unit/fixtures/temporary.h"

#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define CALLS        GUESTS "/solo5-calls-0.elf" /* the guest of tests/guests/solo5/calls.c, without devices */
#define DEVICE_CALLS GUESTS "/solo5-calls-3.elf" /* with net, disk and other */

/* A tender at work. */
struct tender {
    pid_t pid;
    int output; /* read end of its standard output and error */
};

/* How one ended. */
struct outcome {
    char text[32768]; /* what was printed; a NUL behind it */
    int status;       /* of exit, or 128 + signal */
};

/* Becomes the tender; `words` ends with NULL. A fault is the guest's: the sanitizer must not catch it. */
static inline _Noreturn void tender_execute(const char *const *words, int output)
{
    const struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    setenv("ASAN_OPTIONS", "handle_segv=0:handle_sigbus=0:handle_sigill=0:use_sigaltstack=0", 1);
    dup2(output, STDOUT_FILENO);
    dup2(output, STDERR_FILENO);
    execv(URUNC_SPT, (char *const *)words);
    _exit(126);
}

/* Starts it with the words behind "--mem=4 --kernel=@FD". Every descriptor of the test's is open in it. */
static inline struct tender tender_start(const char *kernel, const char *const *words)
{
    const char *argv[128] = {"urunc-spt", "--mem=4"};
    char kernel_option[32];
    int pipes[2];
    int fd = open(kernel, O_RDONLY);
    if (fd < 0)
        fail_msg("%s is not there", kernel);
    snprintf(kernel_option, sizeof kernel_option, "--kernel=@%d", fd);
    argv[2] = kernel_option;
    for (size_t i = 0; words[i] != NULL; i++)
        argv[3 + i] = words[i];
    assert_int_equal(pipe(pipes), 0);
    struct tender tender = {.pid = fork(), .output = pipes[0]};
    if (tender.pid == 0) {
        close(pipes[0]);
        tender_execute(argv, pipes[1]);
    }
    assert_true(tender.pid > 0);
    close(pipes[1]);
    close(fd);
    return tender;
}

/* Reads until `text` was printed, or the end. */
static inline void tender_expect(const struct tender *tender, const char *text)
{
    char printed[4096] = "";
    size_t length = 0;
    while (strstr(printed, text) == NULL && length < sizeof printed - 1) {
        ssize_t got = read(tender->output, printed + length, sizeof printed - 1 - length);
        if (got <= 0)
            fail_msg("no \"%s\" in: %s", text, printed);
        length += (size_t)got;
    }
}

static inline struct outcome tender_end(struct tender *tender)
{
    static struct outcome outcome;
    size_t length = 0;
    ssize_t got;
    while ((got = read(tender->output, outcome.text + length, sizeof outcome.text - 1 - length)) > 0)
        length += (size_t)got;
    outcome.text[length] = '\0';
    close(tender->output);
    int status;
    assert_int_equal(waitpid(tender->pid, &status, 0), tender->pid);
    outcome.status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
    return outcome;
}

static inline struct outcome tender_run(const char *kernel, const char *const *words)
{
    struct tender tender = tender_start(kernel, words);
    return tender_end(&tender);
}

static inline void expect_outcome(const char *kernel, const char *const *words, int status, const char *text)
{
    struct outcome outcome = tender_run(kernel, words);
    if (outcome.status != status || strcmp(outcome.text, text) != 0)
        fail_msg("status %d (expected %d)\nprinted: %s\nexpected: %s", outcome.status, status, outcome.text,
                 text);
}

#define WORDS(...)                                                                                           \
    (const char *[])                                                                                         \
    {                                                                                                        \
        __VA_ARGS__, NULL                                                                                    \
    }

#endif
