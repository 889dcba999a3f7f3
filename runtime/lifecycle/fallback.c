#include "runtime/lifecycle/fallback.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "formats/base/programs.h"
#include "runtime/config/config.h"

enum { OUTPUT_MAX = 1 << 20 }; /* bytes of a container's state */

static const char *const known_runtimes[] = {"runc", "crun"};

/* False for this very program: a "runc" that is urunc must not make it call itself for ever. */
static bool is_another_program(const char *path)
{
    struct stat ours, theirs;
    return stat("/proc/self/exe", &ours) < 0 || stat(path, &theirs) < 0 || ours.st_dev != theirs.st_dev ||
           ours.st_ino != theirs.st_ino;
}

/* runc or crun where the name is that of one of them. */
static bool is_known(const char *name)
{
    for (size_t i = 0; i < sizeof known_runtimes / sizeof *known_runtimes; i++)
        if (strcmp(name, known_runtimes[i]) == 0)
            return true;
    return false;
}

/* Neither reads the other's containers. */
static bool fits(const char *program, const char *made_by)
{
    const char *name = path_base(program);
    return made_by == NULL || !is_known(made_by) || !is_known(name) || strcmp(name, made_by) == 0;
}

static char *find_runtime(const char *made_by)
{
    char *path = made_by != NULL && is_known(made_by) ? program_find(made_by, is_another_program) : NULL;
    for (size_t i = 0; path == NULL && i < sizeof known_runtimes / sizeof *known_runtimes; i++)
        if (fits(known_runtimes[i], made_by))
            path = program_find(known_runtimes[i], is_another_program);
    return path;
}

/* Owned. A container that exists must be stopped and removed also where the configuration cannot be read. */
static char *choose(const struct runtime *runtime, const char *made_by, struct error *error)
{
    cleanup_config struct config config = {0};
    if (config_load(runtime->config_path, &config, error) < 0) {
        if (made_by == NULL)
            return NULL;
        log_warning(&runtime->log, error);
    }
    const char *configured = config.fallback_runtime;
    char *program =
        configured != NULL && fits(configured, made_by) ? xstrdup(configured) : find_runtime(made_by);
    if (program == NULL && made_by != NULL && is_known(made_by))
        error_set_numbered(error, ENOENT, "a container of %s, which is not installed", made_by);
    else if (program == NULL)
        error_set_numbered(error, ENOENT,
                           "not a unikernel, and neither runc nor crun is installed to run it");
    return program;
}

static void exec_runtime(const char *program, const struct runtime *runtime, const struct strings *globals,
                         char *const *rest)
{
    cleanup_strings struct strings argv = {0};
    strings_add(&argv, program);
    if (globals != NULL)
        strings_add_all(&argv, globals);
    /* Behind the others: older crun takes the value of --rootless for the root. */
    strings_add(&argv, "--root");
    strings_add(&argv, runtime->root);
    for (; *rest != NULL; rest++)
        strings_add(&argv, *rest);
    execv(program, argv.items);
}

int fallback_exec(const struct runtime *runtime, const struct strings *globals, char *const *rest,
                  const char *made_by, struct error *error)
{
    cleanup_free char *program = choose(runtime, made_by, error);
    if (program == NULL)
        return -1;
    if (!is_another_program(program))
        return error_set(error, "fallback_runtime: %s is urunc itself", program);
    /* crun, src/crun.c: its commands are runc's but for this one. */
    if (strcmp(path_base(program), "crun") == 0 && strcmp(rest[0], "events") == 0)
        return error_set(error, "events: %s has no such command; the container's cgroups have its figures",
                         program);
    exec_runtime(program, runtime, globals, rest);
    return error_errno(error, errno, "not a unikernel, and cannot run %s for it", program);
}

/* In a process of its own. */
static _Noreturn void print_state(const struct runtime *runtime, const char *program, const char *id,
                                  int output)
{
    cleanup_strings struct strings rest = {0};
    strings_add(&rest, "state");
    strings_add(&rest, id);
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    if (null >= 0 && dup2(null, STDIN_FILENO) == STDIN_FILENO &&
        dup2(output, STDOUT_FILENO) == STDOUT_FILENO && dup2(null, STDERR_FILENO) == STDERR_FILENO)
        exec_runtime(program, runtime, NULL, rest.items);
    _exit(127);
}

json_t *fallback_state(const struct runtime *runtime, const char *id, const char *made_by)
{
    int status = 0;
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    cleanup_free char *program = choose(runtime, made_by, &ignored);
    cleanup_close int output = memfd_create("state", MFD_CLOEXEC);
    pid_t pid = program != NULL && is_another_program(program) && output >= 0 ? fork() : -1;
    if (pid < 0)
        return NULL;
    if (pid == 0)
        print_state(runtime, program, id, output);
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        ;
    if (status != 0 || lseek(output, 0, SEEK_SET) < 0 ||
        read_all(output, OUTPUT_MAX, &text, program, &ignored) < 0)
        return NULL;
    return parse_json(text.data, text.length, program, &ignored);
}
