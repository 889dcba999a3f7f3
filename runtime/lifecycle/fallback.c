/* Handing a command over to another runtime. */
#include "runtime/lifecycle/fallback.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/config.h"

static const char *const known_runtimes[] = {"runc", "crun"};
static const char *const directories[] = {"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
                                          "/usr/bin",        "/sbin",          "/bin"};

/* Whether the path is this very program: a PATH on which "runc" is urunc must not make it call itself for
 * ever. */
static bool is_ourselves(const char *path)
{
    struct stat ours, theirs;
    return stat("/proc/self/exe", &ours) == 0 && stat(path, &theirs) == 0 && ours.st_dev == theirs.st_dev &&
           ours.st_ino == theirs.st_ino;
}

static char *find_runtime(void)
{
    for (size_t i = 0; i < sizeof known_runtimes / sizeof *known_runtimes; i++)
        for (size_t j = 0; j < sizeof directories / sizeof *directories; j++) {
            cleanup_free char *path = xasprintf("%s/%s", directories[j], known_runtimes[i]);
            if (access(path, X_OK) == 0 && !is_ourselves(path))
                return take_pointer(path);
        }
    return NULL;
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
    if (is_ourselves(program))
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
