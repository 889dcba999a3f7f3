#include "runtime/exit_status/exit_status.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/path.h"
#include "runtime/exit_status/convention.h"
#include "runtime/sandbox/root/elf_needed.h"

extern const char exit_status_start[] __attribute__((visibility("hidden")));
extern const char exit_status_end[] __attribute__((visibility("hidden")));

/* A loader of another C library (musl's is ld-musl-*) has no on_exit(3). */
static bool is_glibc_loader(const char *path)
{
    static const char name[] = "ld-linux";
    return strncmp(path_base(path), name, sizeof name - 1) == 0;
}

bool exit_status_fits(const char *program)
{
    cleanup_error struct error ignored = {0};
    cleanup_elf_needed struct elf_needed needed = {0};
    return elf_needed_read(program, &needed, &ignored) == 0 && needed.machine != 0 &&
           needed.interpreter != NULL && is_glibc_loader(needed.interpreter);
}

int exit_status_open(struct error *error)
{
    cleanup_close int fd = memfd_create("urunc-exit-status", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, EXIT_STATUS_PATH);
    if (write_all(fd, exit_status_start, (size_t)(exit_status_end - exit_status_start), EXIT_STATUS_PATH,
                  error) < 0)
        return -1;
    return take_fd(fd);
}

void exit_status_add_environment(enum boot_exit convention, struct strings *environment)
{
    strings_format(environment, EXIT_STATUS_VARIABLE "=%d", (int)convention);
}
