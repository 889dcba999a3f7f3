#include "runtime/process/guest/saved_machine.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/open.h"
#include "runtime/sandbox/mounts.h"

#define DESCRIPTION_FILE "machine.json"

static const char *const file_names[SAVED_FILES] = {"machine.state", "machine.memory"};

enum { SLACK = 64 << 20 };          /* bytes of devices */
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
        read_strings(object, where, "argv", &saved->words, error) < 0)
        return -1;
    if (strcmp(on, hypervisor) != 0)
        return error_set(error, "a machine of %s was saved, and the container's is one of %s", on,
                         hypervisor);
    return 0;
}

int saved_machine_open(const char *path, const char *hypervisor, size_t count, struct saved_machine *saved,
                       struct error *error)
{
    cleanup_close int directory = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (directory < 0)
        return error_errno(error, errno, "--image-path %s", path);
    if (read_description(directory, hypervisor, saved, error) < 0)
        return error_prefix(error, "--image-path %s", path);
    for (size_t i = 0; i < count && i < SAVED_FILES; i++) {
        saved->files[i] = open_regular(directory, file_names[i], O_RDONLY | O_NOFOLLOW, error);
        if (saved->files[i] < 0)
            return error_prefix(error, "--image-path %s", path);
    }
    return 0;
}

uint64_t saved_machine_limit(uint64_t memory)
{
    return 2 * memory + SLACK;
}

int saved_machine_check_size(const struct saved_machine *saved, uint64_t limit, struct error *error)
{
    for (size_t i = 0; i < SAVED_FILES; i++) {
        struct stat status;
        if (saved->files[i] < 0)
            continue;
        if (fstat(saved->files[i], &status) < 0)
            return error_errno(error, errno, "%s", file_names[i]);
        if ((uint64_t)status.st_size > limit)
            return error_set(error,
                             "--image-path: %s: %" PRIu64 " bytes are more than a machine of this memory can "
                             "have (%" PRIu64 ")",
                             file_names[i], (uint64_t)status.st_size, limit);
    }
    return 0;
}

/* Where the file system cannot lend it (an idmapped mount) the file becomes the user's. */
static int lend(int tree, int file, int64_t user, struct error *error)
{
    struct stat status;
    if (fstat(file, &status) < 0)
        return error_errno(error, errno, "the saved machine");
    if (user < 0 || status.st_uid == user ||
        mount_map_owner(tree, status.st_uid, status.st_gid, (uid_t)user) == 0)
        return 0;
    return fchown(file, (uid_t)user, (gid_t)-1) == 0
               ? 0
               : error_errno(error, errno, "the saved machine cannot be lent to user %u", (unsigned)user);
}

int saved_machine_lend(struct saved_machine *saved, int64_t user, struct error *error)
{
    for (size_t i = 0; i < SAVED_FILES; i++) {
        if (saved->files[i] < 0)
            continue;
        saved->trees[i] = mount_detached_fd(saved->files[i], file_names[i], 0, error);
        if (saved->trees[i] < 0 || lend(saved->trees[i], saved->files[i], user, error) < 0)
            return -1;
    }
    return 0;
}

static void close_all(int fds[SAVED_FILES])
{
    for (size_t i = 0; i < SAVED_FILES; i++)
        if (fds[i] >= 0)
            close(take_fd(fds[i]));
}

void saved_machine_close_trees(struct saved_machine *saved)
{
    close_all(saved->trees);
}

void saved_machine_free(struct saved_machine *saved)
{
    close_all(saved->files);
    close_all(saved->trees);
    strings_free(&saved->words);
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

static const char *find_tap(const struct saved_machine *saved, size_t index)
{
    static const char key[] = "\"host_dev_name\":\"";
    for (size_t i = 0; i < saved->words.count; i++)
        for (const char *at = saved->words.items[i]; (at = strstr(at, key)) != NULL; index--) {
            at += sizeof key - 1;
            if (index == 0)
                return at;
        }
    return NULL;
}

bool saved_machine_tap(const struct saved_machine *saved, size_t index, char name[TAP_NAME_SIZE])
{
    const char *found = find_tap(saved, index);
    size_t prefix = strlen(TAP_PREFIX), length = found != NULL ? strcspn(found, "\"") : 0;
    if (found == NULL || length >= TAP_NAME_SIZE || strncmp(found, TAP_PREFIX, prefix) != 0 ||
        strspn(found + prefix, "0123456789abcdef") + prefix != length)
        return false;
    snprintf(name, TAP_NAME_SIZE, "%.*s", (int)length, found);
    return true;
}

/* A machine that was itself restored has the option that says so, or lacks the one that describes it, each
 * with a word behind it. */
static size_t skip_incoming(const struct strings *words, size_t at)
{
    static const char *const options[] = {"-incoming", "--config-file"};
    for (size_t i = 0; i < sizeof options / sizeof *options; i++)
        if (at + 1 < words->count && strcmp(words->items[at], options[i]) == 0)
            return at + 2;
    return at;
}

int saved_machine_check(const struct saved_machine *saved, const struct strings *words, struct error *error)
{
    size_t i = 0, j = 0;
    const char *option = "";
    for (;; i++, j++) {
        i = skip_incoming(&saved->words, i);
        j = skip_incoming(words, j);
        if (i >= saved->words.count || j >= words->count)
            break;
        if (!is_same_word(saved->words.items[i], words->items[j]))
            return error_set(error,
                             "restore: the machine is not the one that was saved: %.256s %.256s in place of "
                             "%.256s",
                             option, words->items[j], saved->words.items[i]);
        option = words->items[j];
    }
    if (i >= saved->words.count && j >= words->count)
        return 0;
    return error_set(error, "restore: the machine is not the one that was saved: it has %s devices",
                     j < words->count ? "more" : "less");
}

/* ---- writing ---- */

static int create_file(int directory, const char *name, struct error *error)
{
    if (unlinkat(directory, name, 0) < 0 && errno != ENOENT)
        return error_errno(error, errno, "%s", name);
    int fd = openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    return fd >= 0 ? fd : error_errno(error, errno, "%s", name);
}

int saved_machine_create(const char *path, size_t count, int files[SAVED_FILES], int *directory,
                         struct error *error)
{
    if (mkdir(path, 0700) < 0 && errno != EEXIST)
        return error_errno(error, errno, "--image-path %s", path);
    cleanup_close int opened = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (opened < 0 || (unlinkat(opened, DESCRIPTION_FILE, 0) < 0 && errno != ENOENT))
        return error_errno(error, errno, "--image-path %s", path);
    for (size_t i = 0; i < count && i < SAVED_FILES; i++) {
        files[i] = create_file(opened, file_names[i], error);
        if (files[i] < 0) {
            close_all(files);
            return error_prefix(error, "--image-path %s", path);
        }
    }
    *directory = take_fd(opened);
    return 0;
}

int saved_machine_describe(int directory, const char *hypervisor, const struct strings *words,
                           struct error *error)
{
    json_t *array = json_array();
    for (size_t i = 0; i < words->count; i++)
        if (json_array_append_new(array, json_string(words->items[i])) < 0) {
            json_decref(array);
            return error_set(error, "the monitor's argument %zu is not UTF-8", i);
        }
    cleanup_json json_t *object = json_pack("{s:s, s:o}", "hypervisor", hypervisor, "argv", array);
    cleanup_free char *text = json_dumps(object, JSON_COMPACT);
    if (text == NULL)
        return error_set(error, DESCRIPTION_FILE ": cannot be encoded");
    cleanup_close int file = create_file(directory, DESCRIPTION_FILE, error);
    return file < 0 ? -1 : write_all(file, text, strlen(text), DESCRIPTION_FILE, error);
}

void saved_machine_discard(int directory)
{
    unlinkat(directory, DESCRIPTION_FILE, 0);
    for (size_t i = 0; i < SAVED_FILES; i++)
        unlinkat(directory, file_names[i], 0);
}
