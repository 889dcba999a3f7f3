/* TOML: whatever is read is well-formed, and what is refused says where. */
#include <string.h>

#include "runtime/config/toml.h"
#include "tests/fuzz/fuzz.h"

static int check_entry(void *data, const struct strings *key, const json_t *value, struct error *error)
{
    (void)error;
    CHECK(key->count > 0 && value != NULL && !json_is_object(value));
    for (size_t i = 0; i < key->count; i++)
        CHECK(*key->items[i] != '\0');
    ++*(size_t *)data;
    return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    size_t entries = 0;
    int status = toml_read((const char *)data, size, "f", check_entry, &entries, &error);
    CHECK((status == 0) == (error.message == NULL));
    CHECK(status == 0 || strncmp(error.message, "f:", 2) == 0);
    error_clear(&error);
    return 0;
}
