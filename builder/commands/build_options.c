/* The command line of `urunc-build build`. Options are called as Docker and Buildah call them. */
#include "builder/commands/build_options.h"

#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "builder/stage/epoch.h"
#include "builder/stage/variables.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/suggest.h"
#include "formats/base/text.h"
#include "formats/oci/reference.h"

/* Options without a letter are numbered from here. */
enum option_id {
    OPTION_ANNOTATION = 256,
    OPTION_BUILD_ARG,
    OPTION_COMPRESSION,
    OPTION_GUEST_INIT,
    OPTION_IIDFILE,
    OPTION_LABEL,
    OPTION_NO_CACHE,
    OPTION_PLATFORM,
    OPTION_TARGET,
    OPTION_TIMESTAMP,
};

static const struct {
    int id; /* a letter, or an option_id */
    const char *name;
    const char *argument; /* NULL: takes none */
    const char *help;
} option_table[] = {
    {OPTION_ANNOTATION, "annotation", "KEY=VALUE", "add an annotation to the manifest"},
    {OPTION_BUILD_ARG, "build-arg", "NAME[=VALUE]", "set an ARG; without a value from the environment"},
    {OPTION_COMPRESSION, "compression", "WORD", "of the layers: gzip, zstd or none"},
    {'f', "file", "FILE", "the spec (default: CONTEXT/Containerfile, CONTEXT/Dockerfile; -: standard input)"},
    {OPTION_GUEST_INIT, "guest-init", "FILE|none", "the init that Linux guests get (default: urunc's own)"},
    {'h', "help", NULL, "print this text"},
    {OPTION_IIDFILE, "iidfile", "FILE", "write the image's ID into a file"},
    {OPTION_LABEL, "label", "KEY=VALUE", "add a label to the config"},
    {OPTION_NO_CACHE, "no-cache", NULL,
     "accepted for other builders' sake; every build is from the beginning"},
    {'o', "output", "type=TYPE,dest=PATH", "where the image goes: oci, oci-archive or docker-archive"},
    {OPTION_PLATFORM, "platform", "OS/ARCH", "the image's platform (default: what the kernel is for)"},
    {'q', "quiet", NULL, "no progress; print the image's ID on standard output"},
    {'t', "tag", "NAME[:TAG]", "name the image; without -o it goes to ./NAME as an OCI layout"},
    {OPTION_TARGET, "target", "STAGE", "build this stage (default: the last)"},
    {OPTION_TIMESTAMP, "timestamp", "SECONDS", "time of all files (default: SOURCE_DATE_EPOCH, or 0)"},
};

enum { OPTION_COUNT = sizeof option_table / sizeof *option_table };

void build_command_usage(void)
{
    fputs("Usage: urunc-build build [OPTIONS] CONTEXT\n"
          "\n"
          "Builds an OCI image from a Containerfile and the files in the directory CONTEXT.\n"
          "\n",
          stdout);
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        const char *argument = option_table[i].argument;
        cleanup_free char *text = xasprintf("--%s%s%s", option_table[i].name, argument != NULL ? " " : "",
                                            argument != NULL ? argument : "");
        bool letter = option_table[i].id < OPTION_ANNOTATION;
        printf("  %c%c%c %-30s  %s\n", letter ? '-' : ' ', letter ? (char)option_table[i].id : ' ',
               letter ? ',' : ' ', text, option_table[i].help);
    }
}

static int add_pair(json_t **object, const char *option, const char *text, struct error *error)
{
    size_t length = strcspn(text, "=");
    cleanup_free char *key = xstrndup(text, length);
    if (length == 0)
        return error_set(error, "--%s %s: must be KEY=VALUE", option, text);
    if (*object == NULL)
        *object = json_object();
    if (json_object_set_new(*object, key, json_string(text[length] == '=' ? text + length + 1 : "")) < 0)
        return error_set(error, "--%s %s: not UTF-8", option, text);
    return 0;
}

static int add_argument(struct build_command *command, const char *text, struct error *error)
{
    size_t length = strcspn(text, "=");
    cleanup_free char *name = xstrndup(text, length);
    const char *value = text[length] == '=' ? text + length + 1 : getenv(name);
    if (length == 0)
        return error_set(error, "--build-arg %s: must be NAME=VALUE", text);
    if (!text_is_utf8(name) || (value != NULL && !text_is_utf8(value)))
        return error_set(error, "--build-arg %s: not UTF-8", text);
    if (value != NULL)
        variables_set(&command->arguments, name, value);
    return 0;
}

static int add_name(struct build_command *command, const char *text, struct error *error)
{
    char *name = reference_normalize(text, error);
    if (name == NULL)
        return error_prefix(error, "-t %s", text);
    strings_add_owned(&command->names, name);
    return 0;
}

/* What is left to decide when all options were read. */
struct pending {
    const char *output;
    const char *compression;
    const char *tag; /* the first -t, as written */
};

static int take_option(struct build_command *command, struct pending *pending, int id, const char *value,
                       struct error *error)
{
    switch (id) {
    case OPTION_ANNOTATION:
        return add_pair(&command->annotations, "annotation", value, error);
    case OPTION_BUILD_ARG:
        return add_argument(command, value, error);
    case OPTION_COMPRESSION:
        pending->compression = value;
        return 0;
    case 'f':
        command->file = value;
        return 0;
    case OPTION_GUEST_INIT:
        command->guest_init = value;
        return 0;
    case 'h':
        command->help = true;
        return 0;
    case OPTION_IIDFILE:
        command->iid_file = value;
        return 0;
    case OPTION_LABEL:
        return add_pair(&command->labels, "label", value, error);
    case OPTION_NO_CACHE:
        return 0;
    case 'o':
        if (pending->output != NULL)
            return error_set(error, "-o is given twice; an image goes to one place");
        pending->output = value;
        return 0;
    case OPTION_PLATFORM:
        platform_free(&command->platform);
        return platform_parse(value, &command->platform, error) < 0 ? error_prefix(error, "--platform") : 0;
    case 'q':
        command->quiet = true;
        return 0;
    case 't':
        pending->tag = pending->tag != NULL ? pending->tag : value;
        return add_name(command, value, error);
    case OPTION_TARGET:
        command->target = value;
        return 0;
    case OPTION_TIMESTAMP:
        command->has_time = true;
        return epoch_parse(value, &command->time, error) < 0 ? error_prefix(error, "--timestamp") : 0;
    default:
        return 0;
    }
}

static int bad_option(int id, char **argv, struct error *error)
{
    const char *word = argv[optind - 1];
    if (id == ':')
        return error_set(error, "%s needs a value; see \"urunc-build build --help\"", word);
    if (strncmp(word, "--", 2) != 0)
        return error_set(error, "unknown option -%c; see \"urunc-build build --help\"", optopt);
    const char *near = NULL;
    cleanup_free char *name = xstrndup(word + 2, strcspn(word + 2, "="));
    for (size_t i = 0; i < OPTION_COUNT; i++)
        near = suggest_nearer(name, near, option_table[i].name);
    if (near != NULL)
        return error_set(error, "unknown option --%s; did you mean --%s?", name, near);
    return error_set(error, "unknown option --%s; see \"urunc-build build --help\"", name);
}

static int parse_options(int argc, char **argv, struct build_command *command, struct pending *pending,
                         struct error *error)
{
    struct option options[OPTION_COUNT + 1] = {0};
    cleanup_buffer struct buffer letters = {0};
    buffer_add_char(&letters, ':'); /* a missing value is told apart, and getopt prints nothing */
    for (size_t i = 0; i < OPTION_COUNT; i++) {
        bool takes_value = option_table[i].argument != NULL;
        options[i] = (struct option){.name = option_table[i].name,
                                     .has_arg = takes_value ? required_argument : no_argument,
                                     .val = option_table[i].id};
        if (option_table[i].id < OPTION_ANNOTATION)
            buffer_format(&letters, "%c%s", option_table[i].id, takes_value ? ":" : "");
    }
    opterr = 0;
    optind = 1;
    for (int id; (id = getopt_long(argc, argv, letters.data, options, NULL)) != -1;) {
        if (id == '?' || id == ':')
            return bad_option(id, argv, error);
        if (take_option(command, pending, id, optarg, error) < 0)
            return -1;
    }
    return 0;
}

/* "registry:5000/team/web:1" goes to ./web. */
static char *default_destination(const char *tag)
{
    const char *slash = strrchr(tag, '/');
    const char *name = slash != NULL ? slash + 1 : tag;
    return xstrndup(name, strcspn(name, ":@"));
}

static int settle_output(struct build_command *command, const struct pending *pending, struct error *error)
{
    if (pending->output != NULL) {
        if (output_options_parse(pending->output, &command->output, error) < 0)
            return error_prefix(error, "-o");
    } else if (pending->tag != NULL) {
        command->output.output = output_find("oci");
        command->output.dest = default_destination(pending->tag);
    } else {
        return error_set(error, "the image has nowhere to go; write -t NAME or -o type=oci,dest=DIRECTORY");
    }
    const struct output *output = command->output.output;
    int compression =
        pending->compression != NULL ? compression_from_name(pending->compression) : (int)output->compression;
    if (compression < 0)
        return error_set(error, "--compression %s: must be gzip, zstd or none", pending->compression);
    if (!output->takes_compressed && compression != COMPRESSION_NONE && pending->compression != NULL)
        return error_set(error, "--compression %s: layers in a %s are never compressed", pending->compression,
                         output->type);
    command->compression = output->takes_compressed ? (enum compression)compression : COMPRESSION_NONE;
    return 0;
}

/* SOURCE_DATE_EPOCH is a build argument that the environment gives, too (as with Docker's buildx). */
static int settle_time(struct build_command *command, struct error *error)
{
    static const char name[] = "SOURCE_DATE_EPOCH";
    const char *epoch = variables_get(&command->arguments, name), *environment = getenv(name);
    const char *option = epoch != NULL ? "--build-arg SOURCE_DATE_EPOCH" : name;
    if (epoch == NULL && environment != NULL && *environment != '\0') {
        variables_set(&command->arguments, name, environment);
        epoch = environment;
    }
    if (command->has_time || epoch == NULL)
        return 0;
    command->has_time = true;
    if (*epoch == '\0')
        return 0;
    return epoch_parse(epoch, &command->time, error) < 0 ? error_prefix(error, "%s", option) : 0;
}

int build_command_parse(int argc, char **argv, struct build_command *command, struct error *error)
{
    struct pending pending = {0};
    *command = (struct build_command){0};
    if (parse_options(argc, argv, command, &pending, error) < 0)
        return -1;
    if (command->help)
        return 0;
    if (optind + 1 != argc)
        return error_set(error,
                         "build takes one build context, a directory; see \"urunc-build build --help\"");
    command->context = argv[optind];
    if (settle_time(command, error) < 0)
        return -1;
    return settle_output(command, &pending, error);
}

void build_command_free(struct build_command *command)
{
    strings_free(&command->names);
    strings_free(&command->arguments);
    json_decref(command->labels);
    json_decref(command->annotations);
    platform_free(&command->platform);
    output_options_free(&command->output);
    *command = (struct build_command){0};
}
