#include "formats/base/options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/suggest.h"

static const struct option_spec help_option = OPTION_FLAG("help", 'h', "print this", NULL);

void operands_free(struct operands *operands)
{
    free(operands->items);
    *operands = (struct operands){0};
}

static void operands_add(struct operands *operands, const char *word)
{
    operands->items = xreallocarray(operands->items, operands->count + 2, sizeof *operands->items);
    operands->items[operands->count++] = word;
    operands->items[operands->count] = NULL;
}

static const struct option_spec *find_name(const struct option_spec *specs, const char *name, size_t length)
{
    if (length == strlen(help_option.name) && strncmp(help_option.name, name, length) == 0)
        return &help_option;
    for (; specs->name != NULL; specs++)
        if (strlen(specs->name) == length && strncmp(specs->name, name, length) == 0)
            return specs;
    return NULL;
}

static const struct option_spec *find_letter(const struct option_spec *specs, char letter)
{
    for (; specs->name != NULL; specs++)
        if (letter != '\0' && specs->letter == letter)
            return specs;
    return letter == help_option.letter ? &help_option : NULL;
}

static int unknown_name(const struct option_spec *specs, const char *word, size_t length, struct error *error)
{
    cleanup_free char *name = xstrndup(word, length);
    const char *near = NULL;
    for (; specs->name != NULL; specs++)
        if (specs->instead == NULL)
            near = strncmp(specs->name, word, length) == 0 ? specs->name
                                                           : suggest_nearer(name, near, specs->name);
    if (near != NULL)
        return error_set(error, "unknown option --%s; did you mean --%s?", name, near);
    return error_set(error, "unknown option --%s; see --help", name);
}

static int set_flag(const struct option_spec *spec, const char *value, struct error *error)
{
    if (value != NULL && strcmp(value, "true") != 0 && strcmp(value, "false") != 0)
        return error_set(error, "--%s=%s: it takes no value", spec->name, value);
    if (spec->flag != NULL)
        *spec->flag = value == NULL || strcmp(value, "true") == 0;
    return 0;
}

static int set_value(const struct option_spec *spec, const char *value, struct error *error)
{
    if (spec->add != NULL)
        return spec->add(spec->context, value, error) < 0 ? error_prefix(error, "--%s %s", spec->name, value)
                                                          : 0;
    if (spec->value != NULL)
        *spec->value = value;
    return 0;
}

/* The parser's position. */
struct parse {
    const struct option_spec *specs;
    char *const *argv;
    int index;
    bool help;
};

/* `value` stands in the same word, or is NULL; then the next word is it. */
static int take_option(struct parse *parse, const struct option_spec *spec, const char *value,
                       struct error *error)
{
    if (spec->instead != NULL)
        return error_set(error, "unknown option --%s: %s", spec->name, spec->instead);
    if (spec == &help_option)
        parse->help = true;
    if (spec->argument == NULL)
        return set_flag(spec, value, error);
    if (value != NULL)
        return set_value(spec, value, error);
    if (parse->argv[parse->index + 1] == NULL)
        return error_set(error, "--%s: needs a value (%s)", spec->name, spec->argument);
    return set_value(spec, parse->argv[++parse->index], error);
}

static int take_letters(struct parse *parse, const char *letters, struct error *error)
{
    for (; *letters != '\0'; letters++) {
        const struct option_spec *spec = find_letter(parse->specs, *letters);
        if (spec == NULL)
            return error_set(error, "unknown option -%c; see --help", *letters);
        const char *rest = letters + 1;
        if (*rest == '=')
            return take_option(parse, spec, rest + 1, error);
        if (spec->argument != NULL)
            return take_option(parse, spec, *rest != '\0' ? rest : NULL, error);
        if (take_option(parse, spec, NULL, error) < 0)
            return -1;
    }
    return 0;
}

static int take_word(struct parse *parse, const char *word, struct error *error)
{
    const char *name = word + (word[1] == '-' ? 2 : 1);
    size_t length = strcspn(name, "=");
    const struct option_spec *spec = length > 1 ? find_name(parse->specs, name, length) : NULL;
    if (spec != NULL)
        return take_option(parse, spec, name[length] == '=' ? name + length + 1 : NULL, error);
    if (word[1] == '-')
        return unknown_name(parse->specs, name, length, error);
    return take_letters(parse, name, error);
}

int options_parse(const struct option_spec *specs, char *const *argv, enum options_extent extent,
                  struct operands *operands, struct error *error)
{
    struct parse parse = {.specs = specs, .argv = argv, .index = 1};
    bool options_end = false;
    for (; argv[parse.index] != NULL; parse.index++) {
        const char *word = argv[parse.index];
        if (options_end || word[0] != '-' || word[1] == '\0') {
            if (extent == OPTIONS_TO_OPERAND)
                break;
            operands_add(operands, word);
        } else if (strcmp(word, "--") == 0) {
            options_end = true;
        } else {
            if (take_word(&parse, word, error) < 0)
                return -1;
            if (parse.help)
                return 0;
        }
    }
    return parse.index;
}

static void print_option(const struct option_spec *spec)
{
    char left[64];
    const char letter[] = {'-', spec->letter, ',', ' ', '\0'};
    snprintf(left, sizeof left, "%s--%s%s%s", spec->letter != 0 ? letter : "    ", spec->name,
             spec->argument != NULL ? " " : "", spec->argument != NULL ? spec->argument : "");
    printf("  %-34s %s\n", left, spec->help);
}

void options_print(const struct option_spec *specs)
{
    for (; specs->name != NULL; specs++)
        if (specs->instead == NULL)
            print_option(specs);
    print_option(&help_option);
}
