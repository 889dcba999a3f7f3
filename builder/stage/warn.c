#include "builder/stage/warn.h"

#include <stdarg.h>
#include <stdlib.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

void build_warn(const struct build *build, int line, const char *format, ...)
{
    if (build->options->log == NULL)
        return;
    char *text = NULL;
    va_list arguments;
    va_start(arguments, format);
    int length = vasprintf(&text, format, arguments);
    va_end(arguments);
    if (length < 0)
        return;
    cleanup_free char *message = text;
    cleanup_free char *location =
        line > 0 ? xasprintf("%s:%d", build->spec->file, line) : xstrdup("urunc-build");
    cleanup_free char *whole = xasprintf("%s: warning: %s", location, message);
    text_print_line(build->options->log, whole);
}
