#include "runtime/guests/rumprun_json.h"

#include <string.h>

#include "runtime/guests/guest.h"

/* Anywhere on the line it means "the JSON is in that file" (config.c, rumprun_config_path). */
#define CONFIGURATION_FILE "_RUMPRUN_ROOTFSCFG="

static int refuse(const char *what, const char *has, struct error *error)
{
    return error_set(error, "%s has %s, which Rumprun's JSON cannot carry", what, has);
}

static int check(const char *what, const char *text, struct error *error)
{
    return strstr(text, CONFIGURATION_FILE) == NULL ? 0 : refuse(what, "\"" CONFIGURATION_FILE "\"", error);
}

static bool is_hexadecimal(const char *text, size_t length)
{
    return strspn(text, "0123456789abcdefABCDEF") >= length;
}

int rumprun_add_text(struct buffer *json, const char *what, const char *text, struct error *error)
{
    if (check(what, text, error) < 0)
        return -1;
    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"')
            return refuse(what, "a double quote", error);
        if (*at != '\\')
            continue;
        at++;
        bool escape = *at != '\0' && strchr("\"\\/bfnrt", *at) != NULL;
        if (!escape && !(*at == 'u' && is_hexadecimal(at + 1, 4)))
            return refuse(what, "a backslash that begins no escape of JSON", error);
    }
    buffer_format(json, "\"%s\"", text);
    return 0;
}

/* Both parsers take a backslash off double quotes and backslashes: the first to find the end of the string,
 * the second to take what follows as it is. */

int rumprun_add_argument(struct buffer *json, const char *what, const char *argument, struct error *error)
{
    if (check(what, argument, error) < 0)
        return -1;
    if (strchr(argument, '\'') != NULL)
        return refuse(what, "a single quote", error);
    bool quoted = *argument == '\0' || strpbrk(argument, " \t\n") != NULL;
    if (quoted)
        buffer_add_char(json, '\'');
    guest_add_escaped(json, argument);
    if (quoted)
        buffer_add_char(json, '\'');
    return 0;
}

int rumprun_add_line(struct buffer *json, const char *what, const char *line, struct error *error)
{
    if (check(what, line, error) < 0)
        return -1;
    guest_add_escaped(json, line);
    return 0;
}
