/* Base64: what is encoded decodes to the same, and what decodes is the one text that encodes to it. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/stream/base64.h"
#include "tests/fuzz/fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    size_t length = 0;
    cleanup_free char *encoded = base64_encode(data, size);
    cleanup_free char *decoded = base64_decode(encoded, &length);
    CHECK(decoded != NULL && length == size && (size == 0 || memcmp(decoded, data, size) == 0));

    cleanup_free char *text = xstrndup((const char *)data, size);
    cleanup_free char *bytes = base64_decode(text, &length);
    cleanup_free char *again = bytes != NULL ? base64_encode(bytes, length) : NULL;
    CHECK(again == NULL || strcmp(again, text) == 0);
    return 0;
}
