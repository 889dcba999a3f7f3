/* The Linux guest's command line: what the runtime writes, the guest's init reads back byte for byte; and
 * init survives any other line. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "runtime/guests/linux_words.h"
#include "tests/fuzz/fuzz.h"

/* Pure, and compiled for the guest otherwise. */
#include "runtime/init/cmdline.c"

static struct cmdline parsed;
static char text[CMDLINE_SIZE];

/* False where it has no room there. */
static bool parse(const struct buffer *line)
{
    if (line->length >= sizeof text)
        return false;
    memcpy(text, line->data, line->length + 1);
    free(parsed.args.items);
    cmdline_parse(text, &parsed);
    return true;
}

static void check_words(const struct words *words, const struct strings *expected)
{
    CHECK(words->count == expected->count);
    for (size_t i = 0; i < words->count; i++)
        CHECK(strcmp(words->items[i], expected->items[i]) == 0);
}

/* Arguments behind "--". */
static void check_round_trip(const struct strings *texts)
{
    cleanup_buffer struct buffer quoted = {0};
    buffer_add_string(&quoted, "quiet --");
    for (size_t i = 0; i < texts->count; i++) {
        buffer_add_char(&quoted, ' ');
        linux_add_argument(&quoted, texts->items[i]);
    }
    buffer_add_char(&quoted, '\n'); /* as /proc/cmdline ends */
    if (parse(&quoted))
        check_words(&parsed.args, texts);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cleanup_buffer struct buffer raw = {0};
    buffer_add(&raw, data, size);
    parse(&raw); /* to its first NUL */
    struct strings texts = {0};
    for (size_t at = 0; at < size; at += strlen(raw.data + at) + 1)
        strings_add(&texts, raw.data + at);
    if (texts.count > 0)
        check_round_trip(&texts);
    strings_free(&texts);
    return 0;
}
