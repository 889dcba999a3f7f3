/* Specs: parsed whole, or refused with one line that says where. */
#include <string.h>

#include "builder/spec/parse.h"
#include "formats/base/cleanup.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    cleanup_spec struct spec spec = {0};
    if (spec_parse(&spec, "Containerfile", (const char *)data, size, &error) == 0) {
        CHECK(error.message == NULL && spec.stage_count > 0);
    } else {
        CHECK(strncmp(error.message, "Containerfile:", 14) == 0);
        CHECK(strchr(error.message, '\n') == NULL);
    }
    error_clear(&error);
    return 0;
}
