/* Solo5's notes, without the ELF file around them: what is taken is well-formed. The first byte chooses the
 * type. */
#include <ctype.h>
#include <string.h>

#include "formats/kernel/kernel_file.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const uint32_t types[] = {0x3154464d /* "MFT1" */, 0x31494241 /* "ABI1" */, 0};
    if (size == 0)
        return 0;
    struct error error = {0};
    struct kernel_probe probe = {0};
    const struct kernel_file file = {.fd = -1, .name = "kernel"};
    /* Twice: a second note of a kind is an error, not an overflow. */
    for (int i = 0; i < 2; i++) {
        int taken = kernel_solo5_note(&file, types[data[0] % 3], data + 1, size - 1, &probe, &error);
        CHECK((taken < 0) == (error.message != NULL));
        error_clear(&error);
    }
    CHECK(probe.solo5_device_count <= SOLO5_MAX_DEVICES);
    for (unsigned i = 0; i < probe.solo5_device_count; i++) {
        const char *name = probe.solo5_devices[i].name;
        CHECK(memchr(name, '\0', SOLO5_NAME_SIZE) != NULL && *name != '\0');
        for (; *name != '\0'; name++)
            CHECK((unsigned char)*name < 0x80 && isalnum((unsigned char)*name));
    }
    CHECK(*solo5_target_name(probe.solo5_target) != '\0');
    return 0;
}
