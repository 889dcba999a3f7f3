#include "builder/spec/containerfile.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "builder/spec/lines.h"
#include "builder/spec/location.h"
#include "builder/spec/words.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/suggest.h"

static int unknown_instruction(const char *name, struct error *error)
{
    const char *near = NULL;
    for (const struct instruction_kind *kind = instruction_kinds; kind->name != NULL; kind++)
        near = suggest_nearer(name, near, kind->name);
    if (near != NULL)
        return error_set(error, "unknown instruction %s; did you mean %s?", name, near);
    return error_set(error, "unknown instruction %s", name);
}

static int wrong_usage(const struct instruction_kind *kind, const char *problem, struct error *error)
{
    return error_set(error, "%s: %s; write: %s", kind->name, problem, kind->usage);
}

static bool kind_has_flag(const struct instruction_kind *kind, const char *name)
{
    for (size_t i = 0; i < INSTRUCTION_MAX_FLAGS && kind->flags[i] != NULL; i++)
        if (strcmp(kind->flags[i], name) == 0)
            return true;
    return false;
}

static int unknown_flag(const struct instruction_kind *kind, const char *name, struct error *error)
{
    cleanup_buffer struct buffer known = {0};
    for (size_t i = 0; i < INSTRUCTION_MAX_FLAGS && kind->flags[i] != NULL; i++)
        buffer_format(&known, "%s--%s", i > 0 ? ", " : "", kind->flags[i]);
    if (known.length == 0)
        return error_set(error, "%s: unknown flag --%s; it takes none", kind->name, name);
    return error_set(error, "%s: unknown flag --%s; it takes %s", kind->name, name, known.data);
}

/* Takes the flags from the front of *rest. */
static int parse_flags(struct instruction *instruction, const char **rest, char escape, struct error *error)
{
    for (;;) {
        char *text = words_take_flag(rest, escape, error);
        if (text == NULL)
            return error_is_set(error) ? -1 : 0;
        char *equals = strchr(text, '=');
        if (equals != NULL)
            *equals = '\0';
        instruction->flags =
            xreallocarray(instruction->flags, instruction->flag_count + 1, sizeof *instruction->flags);
        bool twice = instruction_flag(instruction, text) != NULL;
        struct flag *flag = &instruction->flags[instruction->flag_count++];
        *flag = (struct flag){text, equals != NULL ? xstrdup(equals + 1) : NULL};
        if (!kind_has_flag(instruction->kind, text))
            return unknown_flag(instruction->kind, text, error);
        if (twice)
            return error_set(error, "%s: --%s is given twice", instruction->kind->name, text);
        if (equals == NULL && strcmp(text, "link") != 0)
            return error_set(error, "%s: --%s needs a value: --%s=...", instruction->kind->name, text, text);
    }
}

static int add_pair(struct instruction *instruction, const char *name, size_t name_length, const char *value,
                    struct error *error)
{
    if (name_length == 0)
        return error_set(error, "%s: a name is missing before \"=%s\"", instruction->kind->name, value);
    strings_add_owned(&instruction->words, xstrndup(name, name_length));
    strings_add(&instruction->words, value);
    return 0;
}

static int parse_pairs(struct instruction *instruction, const char *rest, char escape, struct error *error)
{
    cleanup_strings struct strings words = {0};
    size_t name_length = strcspn(rest, " \t\v\f\r");
    cleanup_free char *first = xstrndup(rest, name_length);
    if (*rest != '\0' && *rest != '"' && *rest != '\'' && words_find_equals(first, escape) == NULL) {
        const char *value = words_skip_blanks(rest + name_length);
        if (*value == '\0')
            return wrong_usage(instruction->kind, "a value is missing", error);
        return add_pair(instruction, rest, name_length, value, error);
    }
    if (words_split_quoted(rest, escape, &words, error) < 0)
        return error_prefix(error, "%s", instruction->kind->name);
    for (size_t i = 0; i < words.count; i++) {
        const char *equals = words_find_equals(words.items[i], escape);
        if (equals == NULL)
            return error_set(error, "%s: \"%s\" has no \"=\"; a value with blanks stands in quotes",
                             instruction->kind->name, words.items[i]);
        size_t length = (size_t)(equals - words.items[i]);
        if (add_pair(instruction, words.items[i], length, equals + 1, error) < 0)
            return -1;
    }
    return 0;
}

static int not_json(const struct instruction_kind *kind, const char *rest, struct error *error)
{
    return error_set(error, "%s: %s is not a JSON array of strings; each stands in double quotes", kind->name,
                     rest);
}

/* Quotes behind a bracket mean an array, however it goes on; "[[]x" is a file name with a wildcard. */
static bool looks_like_json(const char *rest)
{
    const char *first = *rest == '[' ? words_skip_blanks(rest + 1) : "";
    return *first == '"' || *first == '\'';
}

static int parse_command(struct instruction *instruction, const char *rest, struct error *error)
{
    instruction->json = words_from_json(rest, &instruction->words);
    if (instruction->json)
        return 0;
    if (*rest == '\0')
        return wrong_usage(instruction->kind, "the command is missing", error);
    /* "[ -e x ] && y" is a shell command; ['a', 'b'] is a slip that a shell would choke on in the guest. */
    if (*rest == '[' && rest[strlen(rest) - 1] == ']')
        return not_json(instruction->kind, rest, error);
    strings_add(&instruction->words, rest);
    return 0;
}

static int parse_arguments(struct instruction *instruction, const char *rest, char escape,
                           struct error *error)
{
    const struct instruction_kind *kind = instruction->kind;
    switch (kind->style) {
    case STYLE_WORDS:
        instruction->json = kind->json && words_from_json(rest, &instruction->words);
        if (!instruction->json && kind->json && looks_like_json(rest))
            return not_json(kind, rest, error);
        if (!instruction->json)
            words_split(rest, &instruction->words);
        return 0;
    case STYLE_TEXT:
        if (*rest != '\0')
            strings_add(&instruction->words, rest);
        return 0;
    case STYLE_COMMAND:
        return parse_command(instruction, rest, error);
    case STYLE_PAIRS:
        return parse_pairs(instruction, rest, escape, error);
    case STYLE_NAMES:
        if (words_split_quoted(rest, escape, &instruction->words, error) < 0)
            return error_prefix(error, "%s", kind->name);
        return 0;
    }
    return 0;
}

static int check_count(const struct instruction *instruction, struct error *error)
{
    const struct instruction_kind *kind = instruction->kind;
    if (instruction->words.count < kind->minimum)
        return wrong_usage(
            kind, instruction->words.count == 0 ? "arguments are missing" : "too few arguments", error);
    if (kind->maximum > 0 && instruction->words.count > kind->maximum)
        return wrong_usage(kind, "too many arguments", error);
    return 0;
}

static int read_heredocs(struct instruction *instruction, struct line_reader *reader, struct error *error)
{
    if (!instruction->kind->heredocs || instruction->json)
        return 0;
    for (size_t i = 0; i < instruction->words.count; i++) {
        struct heredoc_marker marker;
        if (!words_heredoc_marker(instruction->words.items[i], &marker))
            continue;
        size_t index = instruction->heredoc_count++;
        instruction->heredocs = xreallocarray(instruction->heredocs, index + 1, sizeof(struct heredoc));
        struct heredoc *heredoc = &instruction->heredocs[index];
        *heredoc = (struct heredoc){.name = marker.name, .expand = !marker.quoted};
        heredoc->content = line_reader_heredoc(reader, marker.name, marker.strip_tabs);
        if (heredoc->content == NULL)
            return error_set(error, "the here-document has no end: no line is exactly \"%s\"", marker.name);
        free(instruction->words.items[i]);
        instruction->words.items[i] = xasprintf("<<%s", heredoc->name);
    }
    return 0;
}

/* Fills the instruction from a logical line; the reader goes on behind its here-documents. */
static int parse_instruction(struct instruction *instruction, struct line_reader *reader, const char *line,
                             struct error *error)
{
    size_t length = strcspn(line, " \t\v\f\r");
    cleanup_free char *name = xstrndup(line, length);
    instruction->text = xstrdup(line);
    instruction->kind = instruction_kind_find(name);
    if (instruction->kind == NULL)
        return unknown_instruction(name, error);
    if (instruction->kind->instead != NULL)
        return error_set(error, "%s is not supported by this version: %s", instruction->kind->name,
                         instruction->kind->instead);
    const char *rest = words_skip_blanks(line + length);
    /* A command may begin with "--"; only instructions that have flags are searched for them. */
    if (instruction->kind->style == STYLE_WORDS && parse_flags(instruction, &rest, reader->escape, error) < 0)
        return -1;
    if (parse_arguments(instruction, rest, reader->escape, error) < 0 || check_count(instruction, error) < 0)
        return -1;
    return read_heredocs(instruction, reader, error);
}

/* Stage names as Docker has them: a letter, then letters, digits, "-", "_", "."; the same in any case. */
static int check_stage_name(const struct spec *spec, char *name, struct error *error)
{
    for (char *c = name; *c != '\0'; c++) {
        *c = (char)tolower((unsigned char)*c);
        bool fine =
            islower((unsigned char)*c) || (c > name && (isdigit((unsigned char)*c) || strchr("-_.", *c)));
        if (!fine)
            return error_set(error,
                             "FROM: \"%s\" cannot name a stage; a name is a letter, then letters, digits, "
                             "\"-\", \"_\", \".\"",
                             name);
    }
    if (strcmp(name, "scratch") == 0)
        return error_set(error, "FROM: no stage can be named scratch");
    for (size_t i = 0; i < spec->stage_count; i++)
        if (spec->stages[i].name != NULL && strcmp(spec->stages[i].name, name) == 0)
            return error_set(error, "FROM: the stage \"%s\" exists already, from line %d", name,
                             spec->stages[i].from.line);
    return 0;
}

static int begin_stage(struct spec *spec, struct instruction *from, struct error *error)
{
    char *name = NULL;
    if (spec->stage_count == SPEC_MAX_STAGES)
        return error_set(error, "FROM: more than %d stages", SPEC_MAX_STAGES);
    if (from->words.count == 2 || (from->words.count == 3 && strcasecmp(from->words.items[1], "AS") != 0))
        return wrong_usage(from->kind, "only \"AS <name>\" may follow the base", error);
    if (from->words.count == 3)
        name = from->words.items[2];
    if (name != NULL && check_stage_name(spec, name, error) < 0)
        return -1;
    spec->stages = xreallocarray(spec->stages, spec->stage_count + 1, sizeof *spec->stages);
    spec->stages[spec->stage_count++] = (struct stage_plan){.from = *from, .name = name};
    *from = (struct instruction){0};
    return 0;
}

static void append(struct instruction **list, size_t *count, struct instruction *instruction)
{
    *list = xreallocarray(*list, *count + 1, sizeof **list);
    (*list)[(*count)++] = *instruction;
    *instruction = (struct instruction){0};
}

/* Puts the instruction where it belongs; it is empty afterwards unless an error is returned. */
static int add_instruction(struct spec *spec, struct instruction *instruction, struct error *error)
{
    enum instruction_id id = instruction->kind->id;
    if (id == INSTRUCTION_FROM)
        return begin_stage(spec, instruction, error);
    if (spec->stage_count > 0) {
        struct stage_plan *stage = &spec->stages[spec->stage_count - 1];
        append(&stage->instructions, &stage->count, instruction);
        return 0;
    }
    if (id != INSTRUCTION_ARG)
        return error_set(error, "%s: only ARG may stand before the first FROM", instruction->kind->name);
    append(&spec->globals, &spec->global_count, instruction);
    return 0;
}

int containerfile_parse(struct spec *spec, const char *text, size_t length, struct error *error)
{
    struct line_reader reader;
    if (line_reader_start(&reader, text, length, error) < 0)
        return error_locate(error, spec->file, reader.line);
    spec->escape = reader.escape;
    cleanup_buffer struct buffer line = {0};
    int number = 0;
    while (line_reader_next(&reader, &line, &number)) {
        if (line.length == 0)
            continue; /* an escape character with nothing to continue */
        struct instruction instruction = {.line = number};
        int result = parse_instruction(&instruction, &reader, line.data, error);
        if (result == 0)
            result = add_instruction(spec, &instruction, error);
        instruction_free(&instruction);
        if (result < 0)
            return error_locate(error, spec->file, number);
    }
    if (spec->stage_count == 0) {
        error_set(error, "FROM is missing; a first stage begins with FROM scratch");
        return error_locate(error, spec->file, reader.line > 0 ? reader.line : 1);
    }
    return 0;
}
