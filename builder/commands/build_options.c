/* The command line of `urunc-build build`. Options are called as Docker and Buildah call them. */
#include "builder/commands/build_options.h"

#include <stdlib.h>
#include <string.h>

#include "builder/commands/other_builders.h"
#include "builder/stage/epoch.h"
#include "builder/stage/variables.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "formats/contract/annotations.h"
#include "formats/oci/reference.h"

static const char description[] = "\n"
                                  "CONTEXT is the directory with the files that the spec names.\n";

static int add_annotation(void *context, const char *value, struct error *error)
{
    return document_annotations_add(context, value, error);
}

static int add_label(void *context, const char *value, struct error *error)
{
    json_t **labels = context;
    size_t length = strcspn(value, "=");
    cleanup_free char *key = xstrndup(value, length);
    if (length == 0)
        return error_set(error, "must be KEY=VALUE");
    if (*labels == NULL)
        *labels = json_object();
    if (json_object_set_new(*labels, key, json_string(value[length] == '=' ? value + length + 1 : "")) < 0)
        return error_set(error, "not UTF-8");
    return 0;
}

static int add_argument(void *context, const char *text, struct error *error)
{
    size_t length = strcspn(text, "=");
    cleanup_free char *name = xstrndup(text, length);
    const char *value = text[length] == '=' ? text + length + 1 : getenv(name);
    if (length == 0)
        return error_set(error, "must be NAME=VALUE");
    if (!text_is_utf8(name) || (value != NULL && !text_is_utf8(value)))
        return error_set(error, "not UTF-8");
    if (value != NULL)
        variables_set(context, name, value);
    return 0;
}

static int add_name(void *context, const char *text, struct error *error)
{
    char *name = reference_normalize(text, error);
    if (name == NULL)
        return -1;
    strings_add_owned(context, name);
    return 0;
}

static int set_platform(void *context, const char *text, struct error *error)
{
    platform_free(context);
    return platform_parse(text, context, error) < 0 ? -1 : platform_check(context, error);
}

/* Options that are decided upon when all of them are known. */
struct pending {
    const char *output;
    const char *compression;
    const char *timestamp;
};

static int set_output(void *context, const char *text, struct error *error)
{
    const char **output = context;
    if (*output != NULL)
        return error_set(error, "an image goes to one place, and \"%s\" is given already", *output);
    *output = text;
    return 0;
}

/* As build_command_parse, but what several options decide is left in `pending`. */
static int parse_options(const struct command *command, char *const *argv, struct build_command *build,
                         struct pending *pending, struct error *error)
{
    const struct option_spec specs[] = {
        OPTION_ADD("annotation", 0, "[TYPE:]KEY=VALUE",
                   "add an annotation to the manifest, or to manifest-descriptor or index", add_annotation,
                   &build->annotations),
        OPTION_ADD("build-arg", 0, "NAME[=VALUE]", "set an ARG; without a value from the environment",
                   add_argument, &build->arguments),
        OPTION_VALUE("compression", 0, "WORD", "of the layers: gzip, zstd or none", &pending->compression),
        OPTION_VALUE("file", 'f', "FILE",
                     "the spec (default: CONTEXT/Containerfile, CONTEXT/Dockerfile; -: stdin)", &build->file),
        OPTION_VALUE("guest-init", 0, "FILE|none", "the init that Linux guests get (default: urunc's own)",
                     &build->guest_init),
        OPTION_VALUE("iidfile", 0, "FILE", "write the image's ID into a file", &build->iid_file),
        OPTION_ADD("label", 0, "KEY=VALUE", "add a label to the config", add_label, &build->labels),
        OPTION_IGNORED("no-cache", NULL,
                       "accepted for other builders' sake; every build is from the beginning"),
        OPTION_ADD("output", 'o', "type=TYPE,dest=PATH",
                   "where the image goes; TYPE is one of" OUTPUT_TYPE_NAMES, set_output, &pending->output),
        OPTION_ADD("platform", 0, "OS/ARCH", "the image's platform (default: what the kernel is for)",
                   set_platform, &build->platform),
        OPTION_FLAG("quiet", 'q', "no progress; print the image's ID on standard output", &build->quiet),
        OPTION_ADD("tag", 't', "NAME[:TAG]", "name the image; without -o it goes to ./NAME as an OCI layout",
                   add_name, &build->names),
        OPTION_VALUE("target", 0, "STAGE", "build this stage (default: the last)", &build->target),
        OPTION_VALUE("timestamp", 0, "SECONDS", "time of all files (default: SOURCE_DATE_EPOCH, or 0)",
                     &pending->timestamp),
        OPTIONS_OF_OTHER_BUILDERS,
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, argv, specs, description, &operands, error);
    if (parsed <= 0)
        return parsed;
    if (operands.count != 1)
        return command_wrong_usage(command, error);
    build->context = operands.items[0];
    return 1;
}

/* Docker takes archives and addresses, too; "no such file" would not say that they are none here. */
static int check_context(const char *context, struct error *error)
{
    if (strcmp(context, "-") == 0)
        return error_set(error,
                         "the context must be a directory, not an archive on standard input; unpack it");
    if (strstr(context, "://") != NULL || strncmp(context, "git@", 4) == 0)
        return error_set(error, "%s: the context must be a directory, not an address; fetch it", context);
    return 0;
}

/* SOURCE_DATE_EPOCH is a build argument that the environment gives, too (as with Docker's buildx). */
static int settle_time(struct build_command *build, const struct pending *pending, struct error *error)
{
    static const char name[] = "SOURCE_DATE_EPOCH";
    const char *epoch = variables_get(&build->arguments, name), *environment = getenv(name);
    const char *source = epoch != NULL ? "--build-arg SOURCE_DATE_EPOCH" : name;
    if (epoch == NULL && environment != NULL && *environment != '\0') {
        variables_set(&build->arguments, name, environment);
        epoch = environment;
    }
    if (pending->timestamp != NULL) {
        epoch = pending->timestamp;
        source = "--timestamp";
    }
    build->has_time = epoch != NULL;
    if (epoch == NULL || (*epoch == '\0' && pending->timestamp == NULL))
        return 0;
    return epoch_parse(epoch, &build->time, error) < 0 ? error_prefix(error, "%s", source) : 0;
}

/* "registry:5000/team/web:1" goes to ./web. */
static char *default_destination(const char *tag)
{
    const char *slash = strrchr(tag, '/');
    const char *name = slash != NULL ? slash + 1 : tag;
    return xstrndup(name, strcspn(name, ":@"));
}

static int settle_output(struct build_command *build, const struct pending *pending, struct error *error)
{
    if (pending->output != NULL) {
        if (output_options_parse(pending->output, &build->output, error) < 0)
            return error_prefix(error, "--output %s", pending->output);
    } else if (build->names.count > 0) {
        build->output.output = output_find("oci");
        build->output.dest = default_destination(build->names.items[0]);
    } else {
        return error_set(error, "the image has nowhere to go; write -t NAME or -o type=oci,dest=DIRECTORY");
    }
    build->output.annotations = &build->annotations;
    return 0;
}

static int settle_compression(struct build_command *build, const struct pending *pending, struct error *error)
{
    const struct output *output = build->output.output;
    int compression =
        pending->compression != NULL ? compression_from_name(pending->compression) : (int)output->compression;
    if (compression < 0)
        return error_set(error, "--compression %s: must be gzip, zstd or none", pending->compression);
    if (!output->takes_compressed && compression != COMPRESSION_NONE && pending->compression != NULL)
        return error_set(error, "--compression %s: layers in a %s are never compressed", pending->compression,
                         output->type);
    build->compression = output->takes_compressed ? (enum compression)compression : COMPRESSION_NONE;
    return 0;
}

/* An annotation is never dropped: the contract's also stand in the labels and in /urunc.json, the others only
 * where the output has a place for them. */
static int check_annotations(const struct build_command *build, struct error *error)
{
    const struct output *output = build->output.output;
    if (output->takes_annotations)
        return 0;
    if (json_object_size(build->annotations.index) > 0 || json_object_size(build->annotations.descriptor) > 0)
        return error_set(error, "--annotation: a %s has no index", output->type);
    const char *key;
    json_t *value;
    json_object_foreach (build->annotations.manifest, key, value) {
        if (annotation_find(key) == NULL)
            return error_set(error, "--annotation %s=%s: a %s has no place for it; write --label %s=%s", key,
                             json_string_value(value), output->type, key, json_string_value(value));
    }
    return 0;
}

int build_command_parse(const struct command *command, char *const *argv, struct build_command *build,
                        struct error *error)
{
    struct pending pending = {0};
    *build = (struct build_command){0};
    int parsed = parse_options(command, argv, build, &pending, error);
    if (parsed <= 0)
        return parsed;
    if (check_context(build->context, error) < 0 || settle_time(build, &pending, error) < 0 ||
        settle_output(build, &pending, error) < 0 || settle_compression(build, &pending, error) < 0 ||
        check_annotations(build, error) < 0)
        return -1;
    return 1;
}

void build_command_free(struct build_command *build)
{
    strings_free(&build->names);
    strings_free(&build->arguments);
    json_decref(build->labels);
    document_annotations_free(&build->annotations);
    platform_free(&build->platform);
    output_options_free(&build->output);
    *build = (struct build_command){0};
}
