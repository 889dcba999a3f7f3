#include "runtime/bundle/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/close_range.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/clock.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"

enum { OUTPUT_TAIL = 512 }; /* bytes of what a failed hook printed that go into the error */

const char *const hook_names[HOOK_POINT_COUNT] = {
    [HOOK_PRESTART] = "prestart",
    [HOOK_CREATE_RUNTIME] = "createRuntime",
    [HOOK_CREATE_CONTAINER] = "createContainer",
    [HOOK_START_CONTAINER] = "startContainer",
    [HOOK_POSTSTART] = "poststart",
    [HOOK_POSTSTOP] = "poststop",
};

struct hook {
    const char *path; /* borrowed */
    struct strings args;
    struct strings env;
    int64_t timeout;                               /* seconds; 0: none */
    int (*enter)(void *data, struct error *error); /* NULL: nothing to do before the hook is executed */
    void *data;
};

static void hook_free(struct hook *hook)
{
    strings_free(&hook->args);
    strings_free(&hook->env);
}
#define cleanup_hook __attribute__((cleanup(hook_free)))

static int read_hook(const json_t *item, const char *where, struct hook *hook, struct error *error)
{
    if (require_string(item, where, "path", &hook->path, error) < 0 ||
        read_strings(item, where, "args", &hook->args, error) < 0 ||
        read_strings(item, where, "env", &hook->env, error) < 0 ||
        read_integer(item, where, "timeout", 1, INT_MAX / 1000, &hook->timeout, error) < 0)
        return -1;
    if (hook->path[0] != '/')
        return error_set(error, "%spath: \"%s\" is not an absolute path", where, hook->path);
    return 0;
}

int hooks_check(const json_t *hooks, const char *file, struct error *error)
{
    for (int point = 0; point < HOOK_POINT_COUNT; point++) {
        const json_t *array = NULL;
        cleanup_free char *outer = xasprintf("%s: hooks.", file);
        if (read_array(hooks, outer, hook_names[point], &array, error) < 0)
            return -1;
        for (size_t i = 0; i < json_array_size(array); i++) {
            cleanup_hook struct hook hook = {0};
            cleanup_free char *where = xasprintf("%s%s[%zu].", outer, hook_names[point], i);
            if (read_hook(json_array_get(array, i), where, &hook, error) < 0)
                return -1;
        }
    }
    return 0;
}

bool hooks_has(const json_t *hooks, enum hook_point point)
{
    return json_array_size(json_object_get(hooks, hook_names[point])) > 0;
}

static _Noreturn void exec_hook(const struct hook *hook, int input, int output)
{
    char *const no_arguments[] = {(char *)hook->path, NULL};
    char *const no_environment[] = {NULL};
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    cleanup_error struct error error = {0};
    if (dup2(input, STDIN_FILENO) < 0 || dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
        _exit(127);
    close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC); /* what the caller left open is not for it */
    if (hook->enter == NULL || hook->enter(hook->data, &error) == 0) {
        execve(hook->path, hook->args.count > 0 ? hook->args.items : no_arguments,
               hook->env.count > 0 ? hook->env.items : no_environment);
        error_set_errno(&error, errno, "cannot be executed");
    }
    dprintf(STDERR_FILENO, "%s", error.message);
    _exit(127);
}

/* Waits for the hook's end; false where its time ran out and it was killed. */
static bool wait_for(pid_t pid, int64_t timeout_seconds, int *status)
{
    bool in_time = true;
    cleanup_close int pidfd = timeout_seconds > 0 ? pidfd_open(pid, 0) : -1;
    int64_t deadline = clock_milliseconds() + timeout_seconds * 1000;
    while (pidfd >= 0) {
        int64_t left = deadline - clock_milliseconds();
        struct pollfd wait = {.fd = pidfd, .events = POLLIN};
        int ready = left > 0 ? poll(&wait, 1, (int)left) : 0;
        if (ready > 0)
            break;
        if (ready < 0 && errno == EINTR)
            continue;
        in_time = false;
        kill(pid, SIGKILL);
        break;
    }
    while (waitpid(pid, status, 0) < 0 && errno == EINTR)
        ;
    return in_time;
}

/* The end of what the hook printed, as text for the error; owned. */
static char *output_tail(int output)
{
    char text[OUTPUT_TAIL + 1];
    off_t size = lseek(output, 0, SEEK_END);
    ssize_t got = pread(output, text, OUTPUT_TAIL, size > OUTPUT_TAIL ? size - OUTPUT_TAIL : 0);
    while (got > 0 && (text[got - 1] == '\n' || text[got - 1] == ' '))
        got--;
    text[got > 0 ? got : 0] = '\0';
    return xasprintf("%s%s", *text != '\0' ? ": " : "", text);
}

static int run_hook(const struct hook *hook, const char *state, struct error *error)
{
    /* Files in memory, not pipes: the hook may leave its input unread, or leave a child that keeps its output
     * open. */
    cleanup_close int input = memfd_create("state", MFD_CLOEXEC);
    cleanup_close int output = memfd_create("output", MFD_CLOEXEC);
    if (input < 0 || output < 0)
        return error_errno(error, errno, "memfd_create");
    if (write_all(input, state, strlen(state), "state", error) < 0)
        return -1;
    lseek(input, 0, SEEK_SET);
    pid_t pid = fork();
    if (pid < 0)
        return error_errno(error, errno, "fork");
    if (pid == 0)
        exec_hook(hook, input, output);
    int status = 0;
    if (!wait_for(pid, hook->timeout, &status))
        return error_set(error, "%s: not done after %lld seconds", hook->path, (long long)hook->timeout);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
        return 0;
    cleanup_free char *tail = output_tail(output);
    if (WIFEXITED(status))
        return error_set(error, "%s: exit status %d%s", hook->path, WEXITSTATUS(status), tail);
    return error_set(error, "%s: killed by signal %d%s", hook->path, WTERMSIG(status), tail);
}

int hooks_run(const json_t *hooks, enum hook_point point, const char *state, struct error *error)
{
    return hooks_run_inside(hooks, point, state, NULL, NULL, error);
}

static int run_item(const json_t *item, enum hook_point point, size_t index, const char *state,
                    struct hook *hook, struct error *error)
{
    cleanup_free char *where = xasprintf("%s hook %zu: ", hook_names[point], index);
    if (read_hook(item, where, hook, error) < 0)
        return -1;
    return run_hook(hook, state, error) < 0 ? error_prefix(error, "%s hook", hook_names[point]) : 0;
}

int hooks_run_inside(const json_t *hooks, enum hook_point point, const char *state,
                     int (*enter)(void *data, struct error *error), void *data, struct error *error)
{
    const json_t *array = json_object_get(hooks, hook_names[point]);
    for (size_t i = 0; i < json_array_size(array); i++) {
        cleanup_hook struct hook hook = {.enter = enter, .data = data};
        if (run_item(json_array_get(array, i), point, i, state, &hook, error) < 0)
            return -1;
    }
    return 0;
}

void hooks_run_all(const json_t *hooks, enum hook_point point, const char *state,
                   void (*failed)(void *data, struct error *error), void *data)
{
    const json_t *array = json_object_get(hooks, hook_names[point]);
    for (size_t i = 0; i < json_array_size(array); i++) {
        cleanup_error struct error error = {0};
        cleanup_hook struct hook hook = {0};
        if (run_item(json_array_get(array, i), point, i, state, &hook, &error) < 0)
            failed(data, &error);
    }
}
