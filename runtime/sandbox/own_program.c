#include "runtime/sandbox/own_program.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "runtime/sandbox/mounts.h"

#define OWN_PROGRAM "/proc/self/exe"

int own_program_protect(char *const *argv, struct error *error)
{
    struct statvfs status;
    if (statvfs(OWN_PROGRAM, &status) < 0)
        return error_errno(error, errno, OWN_PROGRAM);
    if (status.f_flag & ST_RDONLY) {
        /* The kernel names a program that was executed by descriptor after its number. */
        prctl(PR_SET_NAME, "urunc");
        return 0;
    }
    cleanup_close int tree = mount_detached_path(OWN_PROGRAM, MOUNT_PROGRAMS, error);
    if (tree < 0 && error->number == EPERM) {
        error_clear(error);
        return 0;
    }
    if (tree < 0)
        return error_prefix(error, "cannot protect urunc's own program");
    /* Only where it holds for the program as it will be: otherwise this would repeat itself for ever. */
    if (fstatvfs(tree, &status) < 0 || !(status.f_flag & ST_RDONLY))
        return error_set(error, "cannot protect urunc's own program: its mount stays writable");
    fexecve(tree, argv, environ);
    return error_errno(error, errno, "cannot run urunc from a read-only mount");
}
