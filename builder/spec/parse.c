#include "builder/spec/parse.h"

#include <jansson.h>
#include <string.h>

#include "builder/spec/containerfile.h"
#include "builder/spec/location.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* Texts of a spec end up in JSON documents, which are UTF-8. */
static int check_text(const char *file, const char *text, size_t length, struct error *error)
{
    int line = 1;
    const char *end = text + length;
    for (const char *start = text; start < end; line++) {
        const char *newline = memchr(start, '\n', (size_t)(end - start));
        const char *stop = newline != NULL ? newline : end;
        cleanup_json json_t *string = json_stringn(start, (size_t)(stop - start));
        if (memchr(start, '\0', (size_t)(stop - start)) != NULL) {
            error_set(error, "a NUL byte; a spec is text");
            return error_locate(error, file, line);
        }
        if (string == NULL) {
            error_set(error, "this line is not UTF-8");
            return error_locate(error, file, line);
        }
        start = newline != NULL ? newline + 1 : end;
    }
    return 0;
}

int spec_parse(struct spec *spec, const char *file, const char *text, size_t length, struct error *error)
{
    *spec = (struct spec){.file = xstrdup(file), .escape = '\\'};
    if (check_text(file, text, length, error) < 0)
        return -1;
    return containerfile_parse(spec, text, length, error);
}
