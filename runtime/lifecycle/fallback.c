#include "runtime/lifecycle/fallback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/programs.h"
#include "runtime/config.h"

static const char *const known_runtimes[] = {"runc", "crun"};

/* False for this very program: a "runc" that is urunc must not make it call itself for ever. */
static bool is_another_program(const char *path)
{
    struct stat ours, theirs;
    return stat("/proc/self/exe", &ours) < 0 || stat(path, &theirs) < 0 || ours.st_dev != theirs.st_dev ||
           ours.st_ino != theirs.st_ino;
}

static char *find_runtime(void)
{
    char *path = NULL;
    for (size_t i = 0; path == NULL && i < sizeof known_runtimes / sizeof *known_runtimes; i++)
        path = program_find(known_runtimes[i], is_another_program);
    return path;
}

int fallback_exec(const struct runtime *runtime, const struct strings *globals, char *const *rest,
                  struct error *error)
{
    cleanup_config struct config config = {0};
    if (config_load(runtime->config_path, &config, error) < 0)
        return -1;
    cleanup_free char *program =
        config.fallback_runtime != NULL ? xstrdup(config.fallback_runtime) : find_runtime();
    if (program == NULL)
        return error_set(error, "not a unikernel, and neither runc nor crun is installed to run it");
    if (!is_another_program(program))
        return error_set(error, "fallback_runtime: %s is urunc itself", program);
    cleanup_strings struct strings argv = {0};
    strings_add(&argv, program);
    strings_add(&argv, "--root");
    strings_add(&argv, runtime->root);
    strings_add_all(&argv, globals);
    for (; *rest != NULL; rest++)
        strings_add(&argv, *rest);
    execv(program, argv.items);
    return error_errno(error, errno, "not a unikernel, and cannot run %s for it", program);
}
