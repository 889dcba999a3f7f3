#include "builder/output/output.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/suggest.h"
#include "formats/oci/index.h"

#define OUTPUT_TYPE_TEXT(identifier, type_) const char output_type_##identifier[] = type_;
OUTPUTS(OUTPUT_TYPE_TEXT)
#undef OUTPUT_TYPE_TEXT

#define OUTPUT_ENTRY(identifier, type_) &output_##identifier,
static const struct output *const outputs[] = {OUTPUTS(OUTPUT_ENTRY) NULL};
#undef OUTPUT_ENTRY

const struct output *output_find(const char *type)
{
    for (const struct output *const *output = outputs; *output != NULL; output++)
        if (strcmp((*output)->type, type) == 0)
            return *output;
    return NULL;
}

static int unknown_type(const char *type, struct error *error)
{
    const char *near = NULL;
    for (const struct output *const *output = outputs; *output != NULL; output++)
        near = suggest_nearer(type, near, (*output)->type);
    if (near != NULL)
        return error_set(error, "unknown type \"%s\"; did you mean \"%s\"?", type, near);
    cleanup_buffer struct buffer names = {0};
    for (const struct output *const *output = outputs; *output != NULL; output++)
        buffer_format(&names, "%s%s", names.length > 0 ? ", " : "", (*output)->type);
    return error_set(error, "unknown type \"%s\"; there are: %s", type, names.data);
}

/* The next field of a CSV line, its quotes taken off; NULL at the end or where a quote is not closed. */
static char *next_field(const char **position)
{
    const char *in = *position;
    cleanup_buffer struct buffer field = {0};
    bool quoted = *in == '"';
    if (quoted)
        in++;
    for (; *in != '\0' && (quoted || *in != ','); in++) {
        if (*in == '"' && quoted) {
            in++;
            if (*in != '"') {
                quoted = false;
                break;
            }
        }
        buffer_add_char(&field, *in);
    }
    if (quoted || (*in != '\0' && *in != ','))
        return NULL;
    *position = *in == ',' ? in + 1 : in;
    return buffer_take(&field);
}

static int take_field(char *field, struct output_options *options, struct error *error)
{
    char *value = strchr(field, '=');
    if (value == NULL)
        return error_set(error, "\"%s\": must be KEY=VALUE", field);
    *value++ = '\0';
    if (strcmp(field, "dest") == 0) {
        free(options->dest);
        options->dest = xstrdup(value);
        return 0;
    }
    if (strcmp(field, "type") != 0)
        return error_set(error, "unknown key \"%s\"; there are type and dest", field);
    options->output = output_find(value);
    return options->output != NULL ? 0 : unknown_type(value, error);
}

static int take_fields(const char *text, struct output_options *options, struct error *error)
{
    while (*text != '\0') {
        cleanup_free char *field = next_field(&text);
        if (field == NULL)
            return error_set(error, "a double quote is not closed");
        if (take_field(field, options, error) < 0)
            return -1;
    }
    if (options->output == NULL)
        return error_set(error, "no type");
    return 0;
}

int output_options_parse(const char *text, struct output_options *options, struct error *error)
{
    *options = (struct output_options){0};
    if (strchr(text, '=') == NULL) {
        options->output = strcmp(text, "-") == 0 ? &output_oci_archive : &output_oci;
        options->dest = xstrdup(text);
    } else if (take_fields(text, options, error) < 0) {
        output_options_free(options);
        return -1;
    }
    bool to_stdout = options->dest != NULL && strcmp(options->dest, "-") == 0;
    if (options->dest == NULL || *options->dest == '\0')
        error_set(error, "no dest");
    else if (to_stdout && !options->output->takes_stdout)
        error_set(error, "type %s cannot go to standard output", options->output->type);
    else
        return 0;
    output_options_free(options);
    return -1;
}

struct oci_annotations output_index_annotations(const struct output_options *options)
{
    if (options->annotations == NULL)
        return (struct oci_annotations){0};
    return (struct oci_annotations){options->annotations->descriptor, options->annotations->index};
}

void output_options_free(struct output_options *options)
{
    free(options->dest);
    *options = (struct output_options){0};
}
