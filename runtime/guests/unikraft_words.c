#include "runtime/guests/unikraft_words.h"

#include <stdbool.h>
#include <string.h>

#include "runtime/guests/guest.h"

static const char blanks[] = " \t\r\n\v";

size_t unikraft_count_words(const char *text)
{
    size_t count = 0;
    char quote = '\0';
    bool in_word = false;
    for (; *text != '\0'; text++) {
        if (quote == '\0' && strchr(blanks, *text) != NULL) {
            in_word = false;
        } else if (quote == '\0' ? *text == '\'' || *text == '"' : *text == quote) {
            quote = quote == '\0' ? *text : '\0';
        } else {
            count += in_word ? 0 : 1;
            in_word = true;
            if (quote != '\'' && text[0] == '\\' && text[1] != '\0')
                text++;
        }
    }
    return count;
}

/* Single quotes keep everything but themselves, in every release; backslashes only in later ones. */
static void add_quoted(struct buffer *line, const char *text)
{
    guest_add_quoted(line, text, "'\"'\"'");
}

void unikraft_add_word(struct buffer *line, const char *word)
{
    if (word[strcspn(word, " \t\r\n\v'\"\\")] != '\0')
        add_quoted(line, word);
    else
        buffer_add_string(line, word);
}

static void add_variable(struct buffer *line, const char *variable)
{
    if (variable[strcspn(variable, "\"\\")] != '\0')
        add_quoted(line, variable);
    else
        buffer_format(line, "\"%s\"", variable);
}

/* lib/uklibparam looks at the last character of a list's word, quoted or not. */
static bool ends_list(const char *value)
{
    size_t length = strlen(value);
    return length > 0 && value[length - 1] == ']';
}

/* A variable that would end the list stands outside of it, as a parameter of its own: a value that begins
 * with "[" would begin a list there. */
static int add_alone(struct buffer *line, const char *variable, struct error *error)
{
    if (*variable == '[')
        return error_set(error,
                         "process.env %s: a variable from \"[\" to \"]\" cannot stand on a Unikraft command "
                         "line",
                         variable);
    buffer_add_string(line, " env.vars=");
    add_variable(line, variable);
    return 0;
}

int unikraft_add_environment(struct buffer *line, const struct strings *env, struct error *error)
{
    size_t listed = 0;
    for (size_t i = 0; i < env->count; i++) {
        if (*env->items[i] == '\0' || ends_list(env->items[i]))
            continue;
        buffer_add_string(line, listed++ == 0 ? " env.vars=[ " : " ");
        add_variable(line, env->items[i]);
    }
    if (listed > 0)
        buffer_add_string(line, " ]");
    for (size_t i = 0; i < env->count; i++)
        if (ends_list(env->items[i]) && add_alone(line, env->items[i], error) < 0)
            return -1;
    return 0;
}
