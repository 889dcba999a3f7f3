/* An image's initrd, to which something is to be added: any bytes are looked through. Where they are one
 * archive, it ends within them. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "formats/archive/cpio.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    enum cpio_kind kind;
    uint64_t end = 0;
    int fd = memfd_create("fuzz", MFD_CLOEXEC);
    CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
    struct inode *present = inode_new(S_IFDIR | 0755);
    CHECK(cpio_scan(fd, &kind, &end, present, &error) == 0);
    CHECK(kind == CPIO_OTHER || (end <= size && size > 0 && memcmp(data, "07070", 5) == 0));
    inode_unref(present);
    close(fd);
    return 0;
}
