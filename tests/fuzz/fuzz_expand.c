/* Words of a spec: expanded, or refused with a message; what comes out is UTF-8. */
#include <string.h>

#include "builder/spec/expand.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "tests/fuzz/fuzz.h"

/* Variables of one letter have themselves, twice, as their value. */
static const char *look_up(const void *data, const char *name)
{
    (void)data;
    return strcmp(name, "a") == 0 ? "a a" : strcmp(name, "empty") == 0 ? "" : NULL;
}

static void check(const char *word, char escape)
{
    struct error error = {0};
    struct strings undefined = {0};
    const struct expand_scope scope = {look_up, NULL, escape, &undefined};
    cleanup_free char *text = expand_word(&scope, word, &error);
    CHECK((text == NULL) == (error.message != NULL));
    CHECK(text == NULL || text_is_utf8(text));
    error_clear(&error);
    cleanup_free char *body = expand_heredoc(&scope, word, &error);
    CHECK((body == NULL) == (error.message != NULL));
    error_clear(&error);
    strings_free(&undefined);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_free char *word = xstrndup((const char *)data, size);
    check(word, '\\');
    check(word, '`');
    return 0;
}
