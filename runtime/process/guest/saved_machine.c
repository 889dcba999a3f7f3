#include "runtime/process/guest/saved_machine.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/open.h"

#define STATE_FILE       "machine.state"
#define DESCRIPTION_FILE "machine.json"

enum { DESCRIPTION_MAX = 1 << 20 }; /* bytes: a command line of 128 KiB, encoded */

/* ---- reading ---- */

static int read_description(int directory, const char *hypervisor, struct saved_machine *saved,
                            struct error *error)
{
    static const char where[] = DESCRIPTION_FILE ": ";
    cleanup_buffer struct buffer text = {0};
    if (read_file(directory, DESCRIPTION_FILE, DESCRIPTION_MAX, &text, error) < 0)
        return -1;
    cleanup_json json_t *object = parse_json(text.data, text.length, DESCRIPTION_FILE, error);
    const char *on = NULL;
    if (object == NULL || require_string(object, where, "hypervisor", &on, error) < 0 ||
        read_strings(object, where, "argv", &saved->argv, error) < 0)
        return -1;
    if (strcmp(on, hypervisor) != 0)
        return error_set(error, "a machine of %s was saved, and the container's is one of %s", on,
                         hypervisor);
    return 0;
}

int saved_machine_open(const char *path, const char *hypervisor, struct saved_machine *saved,
                       struct error *error)
{
    cleanup_close int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_errno(error, errno, "--image-path %s", path);
    if (read_description(directory, hypervisor, saved, error) < 0)
        return error_prefix(error, "--image-path %s", path);
    saved->fd = open_regular(directory, STATE_FILE, O_RDONLY, error);
    return saved->fd < 0 ? error_prefix(error, "--image-path %s", path) : 0;
}

void saved_machine_free(struct saved_machine *saved)
{
    if (saved->fd >= 0)
        close(saved->fd);
    strings_free(&saved->argv);
    *saved = SAVED_MACHINE_NONE;
}

/* ---- comparing ---- */

/* Moves on to the last of the numbers where one descriptor, "fd=3", or several, "fds=3:4", are told. Returns
 * how many. */
static size_t skip_descriptors(const char **text)
{
    size_t count = 0;
    const char *at = *text + (strncmp(*text, "fds=", 4) == 0 ? 3 : 2);
    if (strncmp(*text, "fd", 2) != 0 || *at != '=')
        return 0;
    do {
        count++;
        while (isdigit((unsigned char)at[1]))
            at++;
    } while (at[1] == ':' && at++);
    *text = at;
    return count;
}

/* True if the two are the same but for the numbers of descriptors. */
static bool is_same_word(const char *a, const char *b)
{
    for (; *a == *b && *a != '\0'; a++, b++)
        if (skip_descriptors(&a) != skip_descriptors(&b))
            return false;
    return *a == *b;
}

/* A machine that was itself restored has the option that says so, with a word behind it. */
static size_t skip_incoming(const struct strings *argv, size_t at)
{
    return at + 1 < argv->count && strcmp(argv->items[at], "-incoming") == 0 ? at + 2 : at;
}

int saved_machine_check(const struct saved_machine *saved, const struct strings *argv, struct error *error)
{
    size_t i = 0, j = 0;
    const char *option = "";
    for (;; i++, j++) {
        i = skip_incoming(&saved->argv, i);
        j = skip_incoming(argv, j);
        if (i >= saved->argv.count || j >= argv->count)
            break;
        if (!is_same_word(saved->argv.items[i], argv->items[j]))
            return error_set(error,
                             "restore: the machine is not the one that was saved: %.256s %.256s in place of "
                             "%.256s",
                             option, argv->items[j], saved->argv.items[i]);
        option = argv->items[j];
    }
    if (i >= saved->argv.count && j >= argv->count)
        return 0;
    return error_set(error, "restore: the machine is not the one that was saved: it has %s devices",
                     j < argv->count ? "more" : "less");
}

/* ---- writing ---- */

static int create_file(int directory, const char *name, struct error *error)
{
    if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
        return error_errno(error, errno, "%s", name);
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", name);
}

int saved_machine_create(const char *path, int *directory, struct error *error)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_errno(error, errno, "--image-path %s", path);
    cleanup_close int opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0 || (unlinkat(opened, DESCRIPTION_FILE, 0) < 0 && errno != ENOENT))
        return error_errno(error, errno, "--image-path %s", path);
    int file = create_file(opened, STATE_FILE, error);
    if (file < 0)
        return error_prefix(error, "--image-path %s", path);
    *directory = take_fd(opened);
    return file;
}

int saved_machine_describe(int directory, const char *hypervisor, const struct strings *argv,
                           struct error *error)
{
    json_t *words = json_array();
    for (size_t i = 0; i < argv->count; i++)
        if (json_array_append_new(words, json_string(argv->items[i])) < 0) {
            json_decref(words);
            return error_set(error, "the monitor's argument %zu is not UTF-8", i);
        }
    cleanup_json json_t *object = json_pack("{s:s, s:o}", "hypervisor", hypervisor, "argv", words);
    cleanup_free char *text = json_dumps(object, JSON_COMPACT);
    if (text == NULL)
        return error_set(error, DESCRIPTION_FILE ": cannot be encoded");
    cleanup_close int file = create_file(directory, DESCRIPTION_FILE, error);
    return file < 0 ? -1 : write_all(file, text, strlen(text), DESCRIPTION_FILE, error);
}

void saved_machine_discard(int directory)
{
    unlinkat(directory, DESCRIPTION_FILE, 0);
    unlinkat(directory, STATE_FILE, 0);
}
