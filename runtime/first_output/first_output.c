#include "runtime/first_output/first_output.h"

#include <errno.h>
#include <sys/mman.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"

extern const char first_output_start[] __attribute__((visibility("hidden")));
extern const char first_output_end[] __attribute__((visibility("hidden")));

int first_output_open(struct error *error)
{
    cleanup_close int fd = memfd_create("urunc-first-output", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, FIRST_OUTPUT_PATH);
    if (write_all(fd, first_output_start, (size_t)(first_output_end - first_output_start), FIRST_OUTPUT_PATH,
                  error) < 0)
        return -1;
    return take_fd(fd);
}
