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
#include "builder/commands/commands.h"
#include "builder/context/context.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/base/text.h"

static const char *const default_files[] = {"Containerfile", "Dockerfile", NULL};

/* A pipe that the caller has opened for us ("-f <(generate)" in bash) may be read; any other FIFO could wait
 * for ever for a writer. */
static bool is_own_descriptor(const char *path)
{
    return strcmp(path, "/dev/stdin") == 0 || strncmp(path, "/dev/fd/", strlen("/dev/fd/")) == 0;
}

/* Opens the spec: the descriptor, and its name for messages (owned by the caller). */
static int open_spec(const struct build_command *command, char **name, struct error *error)
{
    if (command->file != NULL && strcmp(command->file, "-") == 0) {
        *name = xstrdup("stdin");
        int fd = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
        return fd >= 0 ? fd : error_errno(error, errno, "standard input");
    }
    if (command->file != NULL) {
        *name = xstrdup(command->file);
        if (!is_own_descriptor(command->file))
            return open_regular(AT_FDCWD, command->file, O_RDONLY, error);
        int fd = open(command->file, O_RDONLY | O_CLOEXEC);
        return fd >= 0 ? fd : error_errno(error, errno, "%s", command->file);
    }
    bool here = strcmp(command->context, ".") == 0 || strcmp(command->context, "./") == 0;
    size_t length = strlen(command->context);
    const char *separator = length > 0 && command->context[length - 1] == '/' ? "" : "/";
    for (const char *const *file = default_files; *file != NULL; file++) {
        cleanup_free char *path =
            here ? xstrdup(*file) : xasprintf("%s%s%s", command->context, separator, *file);
        int fd = open_regular(AT_FDCWD, path, O_RDONLY, error);
        if (fd < 0 && error->number == ENOENT) {
            error_clear(error);
            continue;
        }
        if (fd < 0)
            return -1;
        *name = take_pointer(path);
        return fd;
    }
    return error_set(error, "%s: there is neither a Containerfile nor a Dockerfile; name the spec with -f",
                     command->context);
}

static int read_spec(const struct build_command *command, struct spec *spec, struct error *error)
{
    cleanup_free char *name = NULL;
    cleanup_close int fd = open_spec(command, &name, error);
    cleanup_buffer struct buffer text = {0};
    if (fd < 0 || read_all(fd, SPEC_MAX_SIZE, &text, name, error) < 0)
        return -1;
    return spec_parse(spec, name, text.data, text.length, error);
}

/* The directory of --iidfile, opened before the build: a file that cannot be written must not follow an image
 * that was. -1 without an error where the option is not given. */
static int open_iid_directory(const char *path, struct error *error)
{
    if (path == NULL)
        return -1;
    const char *slash = strrchr(path, '/');
    struct stat status;
    if (stat(path, &status) == 0 && S_ISDIR(status.st_mode))
        return error_set(error, "--iidfile %s: a directory", path);
    cleanup_free char *directory = slash != NULL ? xstrndup(path, (size_t)(slash - path) + 1) : xstrdup(".");
    cleanup_close int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || faccessat(fd, ".", W_OK, AT_EACCESS) < 0)
        return error_errno(error, errno, "--iidfile %s", path);
    return take_fd(fd);
}

static int write_iid_file(int directory, const char *path, const struct new_image *image, struct error *error)
{
    const char *slash = strrchr(path, '/');
    const char *id = image->config_descriptor.digest.text;
    if (file_replace(directory, slash != NULL ? slash + 1 : path, id, strlen(id), error) < 0)
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
        read_spec(command, &spec, error) < 0)
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
        .annotations = command->annotations,
        .platform = command->platform.os != NULL ? &command->platform : NULL,
        .compression = command->compression,
        .time = command->time,
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

int command_build(int argc, char **argv, struct error *error)
{
    cleanup_build_command struct build_command command;
    if (build_command_parse(argc, argv, &command, error) < 0)
        return -1;
    if (command.help) {
        build_command_usage();
        return 0;
    }
    return build(&command, error);
}
