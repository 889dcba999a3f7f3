#include "runtime/guests/guest.h"

#include <string.h>

#include "formats/base/memory.h"

#define GUEST_ENTRY(enumeration, identifier, ...) [FRAMEWORK_##enumeration] = &guest_##identifier,
#define GUEST_NONE(...)

static const struct guest *const guests[FRAMEWORK_COUNT] = {FRAMEWORKS(GUEST_ENTRY, GUEST_NONE)};

const struct guest *guest_find(enum framework framework)
{
    return guests[framework];
}

size_t guest_nic_limit(const struct guest *guest, const struct kernel_probe *kernel)
{
    if (!kernel->has_solo5_manifest)
        return guest->nics > 0 ? guest->nics : 1;
    size_t count = 0;
    for (unsigned i = 0; i < kernel->solo5_device_count; i++)
        count += !kernel->solo5_devices[i].is_block;
    return count;
}

char *guest_join_arguments(const struct guest_input *input)
{
    if (input->cmdline != NULL)
        return xstrdup(input->cmdline);
    struct buffer text = {0};
    for (size_t i = 0; i < input->args->count; i++) {
        if (i > 0)
            buffer_add_char(&text, ' ');
        buffer_add_string(&text, input->args->items[i]);
    }
    return buffer_take(&text);
}

void guest_add_quoted(struct buffer *line, const char *word, const char *quote)
{
    buffer_add_char(line, '\'');
    for (; *word != '\0'; word++) {
        if (*word == '\'')
            buffer_add_string(line, quote);
        else
            buffer_add_char(line, *word);
    }
    buffer_add_char(line, '\'');
}

void guest_add_escaped(struct buffer *line, const char *text)
{
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\')
            buffer_add_char(line, '\\');
        buffer_add_char(line, *text);
    }
}

const char *guest_split_program(const char *text, size_t *length)
{
    static const char blanks[] = " \t\n\v\f\r";
    text += strspn(text, blanks);
    *length = strcspn(text, blanks);
    return text;
}
