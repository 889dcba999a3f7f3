/* The monitor's libraries: the ELF reader and the reader of ld.so.cache, on the same bytes. */
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/root/elf_needed.h"
#include "runtime/sandbox/root/libraries.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    cleanup_elf_needed struct elf_needed needed = {0};
    CHECK((elf_needed_parse(data, size, "program", &needed, &error) == 0) == (error.message == NULL));
    error_clear(&error);

    struct strings paths = {0};
    ld_cache_find(&(struct ld_cache){data, size}, "libc.so.6", &paths);
    for (size_t i = 0; i < paths.count; i++)
        CHECK(paths.items[i][0] == '/');
    strings_free(&paths);
    return 0;
}
