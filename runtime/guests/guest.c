/* The table of guest drivers, and what they share. */
#include "runtime/guests/guest.h"

#include <string.h>

#include "formats/base/memory.h"
#include "runtime/guests/drivers.h"

const struct guest *const guests[] = {
    &guest_linux,
    &guest_unikraft,
    &guest_generic,
    NULL,
};

const struct guest *guest_find(const char *name)
{
    for (const struct guest *const *guest = guests; *guest != NULL; guest++)
        if (strcmp((*guest)->name, name) == 0)
            return *guest;
    return NULL;
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

const char *guest_split_program(const char *text, size_t *length)
{
    static const char blanks[] = " \t\n\v\f\r";
    text += strspn(text, blanks);
    *length = strcspn(text, blanks);
    return text;
}
