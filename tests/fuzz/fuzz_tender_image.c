/* The tender's loader: any file is refused with a message, or its segments lie where the tender relies on it.
 * The memory is the sanitizer's, so that a byte outside of it is noticed. */
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "runtime/monitors/spt/abi.h"
#include "runtime/monitors/spt/image.h"
#include "tests/fuzz/fuzz.h"

enum { MEMORY = 2 << 20, PAGE = 4096 };

static void check(const struct spt_image *image)
{
    uint64_t last = SPT_KERNEL_BASE;
    for (size_t i = 0; i < image->count; i++) {
        const struct spt_segment *segment = &image->segments[i];
        CHECK(segment->start >= last && segment->end > segment->start && segment->end <= image->end);
        CHECK(segment->start % PAGE == 0 && segment->end % PAGE == 0);
        CHECK(segment->address >= segment->start && segment->size <= segment->end - segment->address);
        CHECK((segment->protection & (PROT_WRITE | PROT_EXEC)) != (PROT_WRITE | PROT_EXEC));
        last = segment->end;
    }
    CHECK(image->end <= MEMORY - PAGE);
    CHECK(image->entry >= SPT_KERNEL_BASE && image->entry < image->end);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    cleanup_spt_image struct spt_image image = {0};
    cleanup_close int fd = memfd_create("kernel", MFD_CLOEXEC);
    CHECK(fd >= 0 && write_all(fd, data, size, "kernel", &error) == 0);
    const struct kernel_file file = {fd, size, "kernel"};
    if (spt_image_read(&file, MEMORY, PAGE, &image, &error) == 0) {
        cleanup_free unsigned char *memory = calloc(1, MEMORY);
        check(&image);
        CHECK(spt_image_load(&file, &image, (uintptr_t)memory, &error) == 0);
    } else {
        CHECK(error.message != NULL);
    }
    error_clear(&error);
    return 0;
}
