#include "formats/contract/cmdline.h"

#include <string.h>

#include "formats/base/memory.h"

/* The first word, *length bytes of it, or NULL at the end. */
static const char *next_word(const char *text, size_t *length)
{
    text += strspn(text, " ");
    *length = strcspn(text, " ");
    return *length > 0 ? text : NULL;
}

void cmdline_words(const char *cmdline, struct strings *words)
{
    size_t length;
    for (const char *word = next_word(cmdline, &length); word != NULL;
         word = next_word(word + length, &length))
        strings_add_owned(words, xstrndup(word, length));
}

bool cmdline_words_are(const char *cmdline, const struct strings *args)
{
    size_t length;
    const char *word = next_word(cmdline, &length);
    for (size_t i = 0; i < args->count; i++) {
        const char *argument = args->items[i];
        if (*argument == '\0')
            continue;
        if (word == NULL || strlen(argument) != length || memcmp(argument, word, length) != 0)
            return false;
        word = next_word(word + length, &length);
    }
    return word == NULL;
}
