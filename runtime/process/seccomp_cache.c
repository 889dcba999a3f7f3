#include "runtime/process/seccomp_cache.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "formats/stream/digest.h"

enum { FILE_MAX = 64 << 10 /* bytes; a filter has at most 32 KiB */ };

/* What a filter depends on, as one line. */
static char *make_key(const json_t *profile)
{
    cleanup_free char *text = json_dumps(profile, JSON_COMPACT);
    struct utsname kernel;
    if (text == NULL || uname(&kernel) < 0)
        return NULL;
    struct digest digest;
    digest_of(text, strlen(text), &digest);
    struct buffer key = {0};
    buffer_format(&key, "%s, urunc " URUNC_VERSION ", ", digest.text);
    seccomp_compiler(&key);
    buffer_format(&key, ", Linux %s %s\n", kernel.release, kernel.machine);
    return buffer_take(&key);
}

/* The ID of no container has an '@'. */
static char *file_name(const char *key)
{
    return xasprintf("seccomp@%c", key[strlen("sha256:")]);
}

static bool is_own(int fd)
{
    struct stat status;
    return fstat(fd, &status) == 0 && status.st_uid == geteuid() &&
           (status.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

/* What stands behind the key: the digest of the rest, the flags, the instructions. */
static struct seccomp_filter *parse(const char *bytes, size_t length)
{
    struct digest digest;
    uint32_t flags;
    if (length < sizeof digest.text + sizeof flags)
        return NULL;
    const char *rest = bytes + sizeof digest.text;
    digest_of(rest, length - sizeof digest.text, &digest);
    if (memcmp(bytes, digest.text, sizeof digest.text) != 0)
        return NULL;
    memcpy(&flags, rest, sizeof flags);
    return seccomp_filter_of(flags, rest + sizeof flags, length - sizeof digest.text - sizeof flags);
}

static struct seccomp_filter *recall(int directory, const char *key)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    cleanup_free char *name = file_name(key);
    cleanup_close int fd = open_regular(directory, name, O_RDONLY | O_NOFOLLOW, &ignored);
    size_t length = strlen(key);
    if (fd < 0 || !is_own(fd) || read_all(fd, FILE_MAX, &text, name, &ignored) < 0)
        return NULL;
    if (text.length <= length || memcmp(text.data, key, length) != 0)
        return NULL;
    return parse(text.data + length, text.length - length);
}

/* A root that cannot be written to is no error: the next one compiles again. */
static void remember(int directory, const char *key, const struct seccomp_filter *filter)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer rest = {0};
    cleanup_buffer struct buffer text = {0};
    cleanup_free char *name = file_name(key);
    uint32_t flags;
    size_t length;
    const void *program = seccomp_filter_program(filter, &flags, &length);
    buffer_add(&rest, &flags, sizeof flags);
    buffer_add(&rest, program, length);
    struct digest digest;
    digest_of(rest.data, rest.length, &digest);
    buffer_add_string(&text, key);
    buffer_add(&text, digest.text, sizeof digest.text);
    buffer_add(&text, rest.data, rest.length);
    file_replace(directory, name, text.data, text.length, &ignored);
}

int seccomp_find(const char *root, const json_t *profile, struct seccomp_filter **filter, struct error *error)
{
    *filter = NULL;
    cleanup_close int directory = profile == NULL ? -1 : open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *key = directory < 0 || !is_own(directory) ? NULL : make_key(profile);
    if (key == NULL)
        return seccomp_compile(profile, filter, error);
    *filter = recall(directory, key);
    if (*filter != NULL)
        return 0;
    if (seccomp_compile(profile, filter, error) < 0)
        return -1;
    if (*filter != NULL)
        remember(directory, key, *filter);
    return 0;
}
