#include "runtime/monitors/spt/memory.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/personality.h>

#include "formats/base/buffer.h"

int spt_memory_check_personality(struct error *error)
{
    int personality_now = personality(0xffffffff);
    if (personality_now < 0)
        return error_errno(error, errno, "personality");
    if (personality_now & READ_IMPLIES_EXEC)
        return error_set(error,
                         "the personality READ_IMPLIES_EXEC is set: the guest's data would be executable");
    return 0;
}

/* The tender is position-independent and so lies far above; where it does not, NOREPLACE notices. */
int spt_memory_map(uint64_t memory, struct error *error)
{
    void *mapped = mmap((void *)SPT_MEMORY_BASE, memory - SPT_MEMORY_BASE, PROT_READ | PROT_WRITE,
                        MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped == (void *)SPT_MEMORY_BASE)
        return 0;
    int number = mapped == MAP_FAILED ? errno : EEXIST; /* a kernel before 4.17 gives another place */
    if (number == EPERM)
        return error_set(error, "the guest's memory begins at %d: vm.mmap_min_addr must not be more",
                         SPT_MEMORY_BASE);
    if (number == EEXIST)
        return error_set(error,
                         "%llu MiB of memory: the tender itself lies there; the guest must do with less",
                         (unsigned long long)memory >> 20);
    return error_errno(error, number, "%llu MiB of memory for the guest", (unsigned long long)memory >> 20);
}

static int join(const char *const *arguments, struct buffer *line, struct error *error)
{
    buffer_add(line, "", 0);
    for (const char *const *argument = arguments; *argument != NULL; argument++) {
        if (argument > arguments)
            buffer_add_char(line, ' ');
        buffer_add_string(line, *argument);
    }
    if (line->length >= SPT_COMMAND_LINE_SIZE)
        return error_set(error, "the guest's command line has %zu bytes: the ABI gives it %d at most",
                         line->length, SPT_COMMAND_LINE_SIZE - 1);
    return 0;
}

int spt_memory_write_boot_info(uintptr_t base, const struct spt_boot_info *info,
                               const struct spt_manifest *manifest, const char *const *arguments,
                               struct error *error)
{
    cleanup_buffer struct buffer line = {0};
    struct spt_boot_info filled = *info;
    size_t size = offsetof(struct spt_manifest, entries) + manifest->count * sizeof *manifest->entries;
    filled.manifest = SPT_BOOT_INFO + sizeof filled;
    filled.command_line = filled.manifest + size;
    if (join(arguments, &line, error) < 0)
        return -1;
    memcpy((void *)(base + SPT_BOOT_INFO), &filled, sizeof filled);
    memcpy((void *)(base + filled.manifest), manifest, size);
    memcpy((void *)(base + filled.command_line), line.data, line.length + 1);
    return 0;
}
