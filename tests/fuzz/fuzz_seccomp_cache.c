/* Kept seccomp filters: whatever stands in the file, a profile gives a filter of a length that the kernel
 * takes. */
#include "formats/base/cleanup.h"
#include "formats/stream/digest.h"
#include "runtime/process/seccomp_cache.h"
#include "tests/fuzz/directory.h"

#include <dirent.h>

/* The name of the profile's file and its first line, from a file that was made of nothing. */
static void learn(const json_t *profile, char *name, struct buffer *key)
{
    struct error error = {0};
    cleanup_seccomp struct seccomp_filter *filter = NULL;
    CHECK(seccomp_find(directory_path, profile, &filter, &error) == 0 && filter != NULL);
    DIR *directory = opendir(directory_path);
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.')
            strcpy(name, entry->d_name);
    closedir(directory);
    char text[4096];
    int fd = openat(directory_open(), name, O_RDONLY | O_CLOEXEC);
    CHECK(fd >= 0);
    ssize_t length = read(fd, text, sizeof text);
    CHECK(length > 0);
    close(fd);
    buffer_add(key, text, (size_t)((char *)memchr(text, '\n', (size_t)length) - text) + 1);
}

/* The first byte says how much of the file is as it should be: nothing, the key, or key and digest. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char name[256];
    static struct buffer key;
    struct error error = {0};
    int directory = directory_open();
    cleanup_json json_t *profile = json_pack("{s:s,s:[{s:[s],s:s}]}", "defaultAction", "SCMP_ACT_ALLOW",
                                             "syscalls", "names", "getppid", "action", "SCMP_ACT_ERRNO");
    if (key.length == 0)
        learn(profile, name, &key);
    if (size == 0)
        return 0;
    cleanup_buffer struct buffer file = {0};
    struct digest digest;
    digest_of(data + 1, size - 1, &digest);
    if (data[0] % 3 >= 1)
        buffer_add(&file, key.data, key.length);
    if (data[0] % 3 == 2)
        buffer_add(&file, digest.text, sizeof digest.text);
    buffer_add(&file, data + 1, size - 1);
    directory_write(directory, name, file.data, file.length);
    cleanup_seccomp struct seccomp_filter *filter = NULL;
    CHECK(seccomp_find(directory_path, profile, &filter, &error) == 0 && filter != NULL);
    uint32_t flags;
    size_t length;
    CHECK(seccomp_filter_program(filter, &flags, &length) != NULL && length >= 8 && length <= 8 * 4096);
    return 0;
}
