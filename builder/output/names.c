#include "builder/output/names.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/oci/reference.h"

static bool has_tag(const struct index_names *entries, const char *tag)
{
    for (size_t i = 0; i < entries->count; i++)
        if (entries->items[i].tag != NULL && strcmp(entries->items[i].tag, tag) == 0)
            return true;
    return false;
}

static bool has_image_name(const struct index_names *entries, const char *name)
{
    for (size_t i = 0; i < entries->count; i++)
        if (entries->items[i].image_name != NULL && strcmp(entries->items[i].image_name, name) == 0)
            return true;
    return false;
}

static int add(struct index_names *entries, const char *name, struct error *error)
{
    cleanup_reference struct reference reference = {0};
    if (reference_parse(name, &reference, error) < 0)
        return -1;
    if (reference.tag == NULL || reference.digest != NULL)
        return error_set(error, "\"%s\": an image that is being made is named by a tag, not by a digest",
                         name);
    cleanup_free char *full = reference_text(&reference);
    if (has_image_name(entries, full))
        return 0;
    bool taken = has_tag(entries, reference.tag);
    entries->items[entries->count++] = (struct index_name){
        .tag = taken ? NULL : take_pointer(reference.tag),
        .image_name = take_pointer(full),
    };
    return 0;
}

int index_names_of(const struct strings *names, struct index_names *entries, struct error *error)
{
    *entries = (struct index_names){.items = xcalloc(names->count + 1, sizeof *entries->items)};
    for (size_t i = 0; i < names->count; i++) {
        if (add(entries, names->items[i], error) < 0) {
            index_names_free(entries);
            return -1;
        }
    }
    if (entries->count == 0)
        entries->count = 1;
    return 0;
}

void index_names_free(struct index_names *entries)
{
    for (size_t i = 0; i < entries->count; i++) {
        free(entries->items[i].tag);
        free(entries->items[i].image_name);
    }
    free(entries->items);
    *entries = (struct index_names){0};
}
