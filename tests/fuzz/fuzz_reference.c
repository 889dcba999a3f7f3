/* Names of images: one that is taken is the same when it is written and read again. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/oci/platform.h"
#include "formats/oci/reference.h"
#include "tests/fuzz/fuzz.h"

static void check_platform(const char *text)
{
    struct error error = {0};
    cleanup_platform struct platform platform = {0}, again = {0};
    if (platform_parse(text, &platform, &error) == 0) {
        cleanup_free char *written = platform_text(&platform);
        CHECK(platform_parse(written, &again, &error) == 0);
        CHECK(platform_matches(&platform, &again) && platform_matches(&again, &platform));
    }
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    cleanup_free char *text = xstrndup((const char *)data, size);
    cleanup_reference struct reference reference = {0}, again = {0};
    if (reference_parse(text, &reference, &error) == 0) {
        cleanup_free char *written = reference_text(&reference);
        CHECK(reference_parse(written, &again, &error) == 0);
        cleanup_free char *twice = reference_text(&again);
        CHECK(strcmp(written, twice) == 0);
        CHECK(reference.tag == NULL || reference_tag_is_valid(reference.tag));
    } else {
        CHECK(error.message != NULL && strchr(error.message, '\n') == NULL);
    }
    error_clear(&error);
    check_platform(text);
    return 0;
}
