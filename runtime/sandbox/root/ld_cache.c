/* /etc/ld.so.cache in glibc's format 1.1 (glibc, sysdeps/generic/dl-cache.h). */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "runtime/sandbox/root/libraries.h"

static const char cache_magic[] = "glibc-ld.so.cache1.1";

enum {
    HEADER_SIZE = 48, /* the magic, the number of entries (32 bits at 20), the rest */
    ENTRY_SIZE = 24,  /* 32-bit flags, name offset, path offset, OS version; 64-bit hwcap */
    COUNT_AT = 20,
    NAME_AT = 4,
    PATH_AT = 8,
};

void ld_cache_open(const char *path, struct ld_cache *cache)
{
    *cache = (struct ld_cache){0};
    struct stat status;
    cleanup_close int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0 || fstat(fd, &status) < 0 || !S_ISREG(status.st_mode) || status.st_size < HEADER_SIZE)
        return;
    void *bytes = mmap(NULL, (size_t)status.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (bytes == MAP_FAILED)
        return;
    *cache = (struct ld_cache){.bytes = bytes, .length = (size_t)status.st_size};
}

void ld_cache_close(struct ld_cache *cache)
{
    if (cache->bytes != NULL)
        munmap((void *)cache->bytes, cache->length);
    *cache = (struct ld_cache){0};
}

static uint32_t number_at(const struct ld_cache *cache, size_t offset)
{
    uint32_t number;
    memcpy(&number, cache->bytes + offset, sizeof number);
    return number;
}

static const char *text_at(const struct ld_cache *cache, uint32_t offset)
{
    if (offset >= cache->length || memchr(cache->bytes + offset, '\0', cache->length - offset) == NULL)
        return NULL;
    return (const char *)cache->bytes + offset;
}

/* True if `name` with its NUL stands at the offset. */
static bool is_name(const struct ld_cache *cache, uint32_t offset, const char *name, size_t size)
{
    return offset < cache->length && size <= cache->length - offset &&
           memcmp(cache->bytes + offset, name, size) == 0;
}

void ld_cache_find(const struct ld_cache *cache, const char *name, struct strings *paths)
{
    if (cache->length < HEADER_SIZE || memcmp(cache->bytes, cache_magic, sizeof cache_magic - 1) != 0)
        return;
    size_t count = number_at(cache, COUNT_AT), size = strlen(name) + 1;
    if (count > (cache->length - HEADER_SIZE) / ENTRY_SIZE)
        return;
    for (size_t i = 0; i < count; i++) {
        size_t entry = HEADER_SIZE + i * ENTRY_SIZE;
        if (!is_name(cache, number_at(cache, entry + NAME_AT), name, size))
            continue;
        const char *path = text_at(cache, number_at(cache, entry + PATH_AT));
        if (path != NULL && path[0] == '/')
            strings_add(paths, path);
    }
}
