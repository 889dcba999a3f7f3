#include "runtime/window_size/window_size.h"

#include <errno.h>
#include <sys/mman.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"

extern const char window_size_start[] __attribute__((visibility("hidden")));
extern const char window_size_end[] __attribute__((visibility("hidden")));

int window_size_open(struct error *error)
{
    cleanup_close int fd = memfd_create("urunc-window-size", MFD_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, WINDOW_SIZE_PATH);
    if (write_all(fd, window_size_start, (size_t)(window_size_end - window_size_start), WINDOW_SIZE_PATH,
                  error) < 0)
        return -1;
    return take_fd(fd);
}
