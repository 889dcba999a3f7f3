/* Kernels: any file is probed or refused with a message. */
#include <sys/mman.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/kernel/probe.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct kernel_probe probe;
    cleanup_close int fd = memfd_create("kernel", MFD_CLOEXEC);
    CHECK(fd >= 0 && write_all(fd, data, size, "kernel", &error) == 0);
    if (kernel_probe(fd, "kernel", &probe, &error) == 0) {
        cleanup_free char *description = kernel_probe_describe(&probe);
        CHECK(probe.solo5_device_count <= SOLO5_MAX_DEVICES);
        CHECK(*description != '\0');
    } else {
        CHECK(error.message != NULL);
    }
    error_clear(&error);
    return 0;
}
