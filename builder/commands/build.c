/* `urunc-build build`: from a spec and a context to an image in its place. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/build/build.h"
#include "builder/commands/build_options.h"
#include "builder/context/context.h"
#include "builder/spec/parse.h"
#include "builder/spec/spec_file.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/base/path.h"
#include "formats/base/text.h"

static int read_spec(const struct build_command *command, struct context *context, struct spec *spec,
                     struct error *error)
{
    cleanup_spec_file struct spec_file file = SPEC_FILE_NONE;
    cleanup_buffer struct buffer text = {0};
    if (spec_file_open(&file, command->file, command->context, error) < 0 ||
        context_read_ignore(context, file.path, error) < 0 ||
        read_all(file.fd, SPEC_MAX_SIZE, &text, file.name, error) < 0)
        return -1;
    return spec_parse(spec, file.name, text.data, text.length, error);
}

/* The directory of --iidfile, opened before the build: a file that cannot be written must not follow an image
 * that was. -1 without an error where the option is not given. */
static int open_iid_directory(const char *path, struct error *error)
{
    if (path == NULL)
        return -1;
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return error_set(error, "--iidfile %s: a directory", path);
    cleanup_free char *directory = NULL;
    path_split(path, &directory, NULL);
    cleanup_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || faccessat(fd, ".", W_OK, AT_EACCESS) < 0)
        return error_errno(error, errno, "--iidfile %s", path);
    return take_fd(fd);
}

static int write_iid_file(int directory, const char *path, const struct new_image *image, struct error *error)
{
    const char *id = image->config_descriptor.digest.text;
    if (file_replace(directory, path_base(path), id, strlen(id), error) < 0)
        return error_prefix(error, "--iidfile");
    return 0;
}

/* Progress goes to standard output, unless the image does: standard error is for what goes wrong. */
static FILE *progress_stream(const struct build_command *command)
{
    if (command->quiet)
        return NULL;
    return strcmp(command->output.dest, "-") == 0 ? stderr : stdout;
}

static void report(const struct build_command *command, const struct new_image *image)
{
    bool to_stdout = strcmp(command->output.dest, "-") == 0;
    FILE *stream = progress_stream(command);
    if (command->quiet && !to_stdout)
        printf("%s\n", image->config_descriptor.digest.text);
    if (stream == NULL)
        return;
    cleanup_free char *line = xasprintf(
        "%s: %s %s%s%s", image->manifest_descriptor.digest.text, command->output.output->type,
        to_stdout ? "on standard output" : command->output.dest, command->names.count > 0 ? ", " : "",
        command->names.count > 0 ? command->names.items[0] : "");
    text_print_line(stream, line);
}

static int build(const struct build_command *command, struct error *error)
{
    cleanup_spec struct spec spec = {0};
    cleanup_strings struct strings warnings = {0};
    cleanup_context struct context context = CONTEXT_NONE;
    cleanup_new_image struct new_image image = {0};
    if (context_open(&context, command->context, command->time, &warnings, error) < 0 ||
        read_spec(command, &context, &spec, error) < 0)
        return -1;
    context_skip(&context, command->output.dest);
    const struct output *output = command->output.output;
    cleanup_close int blobs = output->blob_directory(&command->output, error);
    if (blobs < 0)
        return -1;
    cleanup_close int iid_directory = open_iid_directory(command->iid_file, error);
    if (error_is_set(error))
        return -1;
    const struct build_options options = {
        .arguments = command->arguments,
        .target = command->target,
        .labels = command->labels,
        .annotations = command->annotations.manifest,
        .platform = command->platform.os != NULL ? &command->platform : NULL,
        .compression = command->compression,
        .time = command->time,
        .has_time = command->has_time,
        .guest_init = command->guest_init,
        .progress = progress_stream(command),
        .log = stderr,
    };
    if (build_image(&spec, &context, &options, blobs, &image, error) < 0 ||
        output->write(&command->output, &image, &command->names, error) < 0)
        return -1;
    if (iid_directory >= 0 && write_iid_file(iid_directory, command->iid_file, &image, error) < 0)
        return -1;
    report(command, &image);
    return 0;
}

int command_build(const struct command *command, char *const *argv, struct error *error)
{
    cleanup_build_command struct build_command line = {0};
    int parsed = build_command_parse(command, argv, &line, error);
    return parsed <= 0 ? parsed : build(&line, error);
}
