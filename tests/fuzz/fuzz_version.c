/* What a program prints with --version: a version that is found is found again where it is written. */
#include <stdio.h>
#include <string.h>

#include "runtime/monitors/version.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct version version, again;
    if (!version_parse((const char *)data, size, &version)) {
        CHECK(!version_is_known(&version));
        return 0;
    }
    char text[64];
    snprintf(text, sizeof text, "v%u.%u.%u", version.major, version.minor, version.patch);
    CHECK(version_parse(text, strlen(text), &again));
    CHECK(memcmp(&version, &again, sizeof version) == 0);
    return 0;
}
