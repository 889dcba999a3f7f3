#include "runtime/sandbox/root/libraries.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/root/elf_needed.h"

enum { FILES_MAX = 4096 };

/* The directories that the loader knows by itself: Debian's first, then the others'. */
static const char *const default_directories[] = {
#if defined(__x86_64__)
    "/lib/x86_64-linux-gnu",
    "/usr/lib/x86_64-linux-gnu",
#elif defined(__aarch64__)
    "/lib/aarch64-linux-gnu",
    "/usr/lib/aarch64-linux-gnu",
#endif
    "/lib64",
    "/usr/lib64",
    "/lib",
    "/usr/lib",
};

static bool is_known(const struct strings *files, const char *path)
{
    for (size_t i = 0; i < files->count; i++)
        if (strcmp(files->items[i], path) == 0)
            return true;
    return false;
}

/* $ORIGIN is the directory of the file that has the path; other $-words are the loader's business and left
 * alone. */
static char *expand_origin(const char *directory, size_t length, const char *file)
{
    static const char *const spellings[] = {"$ORIGIN", "${ORIGIN}"};
    for (size_t i = 0; i < 2; i++) {
        size_t prefix = strlen(spellings[i]);
        if (length >= prefix && strncmp(directory, spellings[i], prefix) == 0)
            return xasprintf("%.*s%.*s", (int)(strrchr(file, '/') - file), file, (int)(length - prefix),
                             directory + prefix);
    }
    return xstrndup(directory, length);
}

/* Candidates from "dir:dir" of a file's RPATH or RUNPATH. */
static void add_from_list(const char *list, const char *file, const char *name, struct strings *candidates)
{
    while (list != NULL && *list != '\0') {
        size_t length = strcspn(list, ":");
        cleanup_free char *directory = expand_origin(list, length, file);
        if (directory[0] == '/')
            strings_format(candidates, "%s/%s", directory, name);
        list += length + (list[length] == ':');
    }
}

/* In the loader's order: RPATH (where there is no RUNPATH), RUNPATH, the cache, the default directories. */
static void add_candidates(const struct ld_cache *cache, const char *file, const struct elf_needed *needed,
                           const char *name, struct strings *candidates)
{
    if (strchr(name, '/') != NULL) {
        if (name[0] == '/')
            strings_add(candidates, name);
        return;
    }
    add_from_list(needed->runpath != NULL ? needed->runpath : needed->rpath, file, name, candidates);
    ld_cache_find(cache, name, candidates);
    for (size_t i = 0; i < sizeof default_directories / sizeof *default_directories; i++)
        strings_format(candidates, "%s/%s", default_directories[i], name);
}

/* True if a file that was found has this name: a library is loaded once, however often it is named. */
static bool is_found(const struct strings *files, const char *name)
{
    size_t length = strlen(name);
    for (size_t i = 0; i < files->count; i++) {
        size_t whole = strlen(files->items[i]);
        if (whole > length && files->items[i][whole - length - 1] == '/' &&
            strcmp(files->items[i] + whole - length, name) == 0)
            return true;
    }
    return false;
}

/* The files that are found, and what those from `first` on need: each is read once. */
struct search {
    const struct ld_cache *cache;
    struct strings *files;
    size_t first;
    struct elf_needed **needs; /* NULL for a file that is not read yet; owned, like its items */
};

static void search_free(struct search *search)
{
    for (size_t i = search->first; i < search->files->count; i++)
        if (search->needs[i - search->first] != NULL) {
            elf_needed_free(search->needs[i - search->first]);
            free(search->needs[i - search->first]);
        }
    free(search->needs);
}
#define cleanup_search __attribute__((cleanup(search_free)))

/* Takes what the file needs. */
static void add_file(struct search *search, const char *path, struct elf_needed *needed)
{
    size_t index = search->files->count - search->first;
    strings_add(search->files, path);
    search->needs = xreallocarray(search->needs, index + 1, sizeof(void *));
    search->needs[index] = needed;
}

/* What the file needs; the caller owns it. NULL on error. */
static struct elf_needed *read_needed(const char *file, struct error *error)
{
    struct elf_needed *needed = xcalloc(1, sizeof *needed);
    if (elf_needed_read(file, needed, error) == 0)
        return needed;
    elf_needed_free(needed);
    free(needed);
    return NULL;
}

static int find_library(struct search *search, const char *file, const struct elf_needed *needed,
                        const char *name, struct error *error)
{
    if (is_found(search->files, name))
        return 0;
    cleanup_strings struct strings candidates = {0};
    add_candidates(search->cache, file, needed, name, &candidates);
    for (size_t i = 0; i < candidates.count; i++) {
        if (access(candidates.items[i], R_OK) < 0)
            continue;
        cleanup_error struct error ignored = {0};
        struct elf_needed *library = read_needed(candidates.items[i], &ignored);
        /* One of another machine is passed over, as the loader does. */
        if (library != NULL && library->machine == needed->machine) {
            add_file(search, candidates.items[i], library);
            return 0;
        }
        if (library != NULL)
            elf_needed_free(library);
        free(library);
    }
    return error_set(error, "%s needs the library %s, which is not installed", file, name);
}

static int find_of_file(struct search *search, const char *file, const struct elf_needed *needed,
                        struct error *error)
{
    if (needed->interpreter != NULL && !is_known(search->files, needed->interpreter))
        add_file(search, needed->interpreter, NULL);
    for (size_t i = 0; i < needed->names.count; i++)
        if (find_library(search, file, needed, needed->names.items[i], error) < 0)
            return -1;
    return 0;
}

int libraries_find(const struct ld_cache *cache, const char *program, struct strings *files,
                   struct error *error)
{
    cleanup_search struct search search = {.cache = cache, .files = files, .first = files->count};
    cleanup_elf_needed struct elf_needed of_program = {0};
    if (elf_needed_read(program, &of_program, error) < 0 ||
        find_of_file(&search, program, &of_program, error) < 0)
        return -1;
    /* Files that were added are looked at in turn; the list is its own queue. */
    for (size_t next = 0; search.first + next < files->count; next++) {
        if (files->count > FILES_MAX)
            return error_set(error, "%s needs more than %d libraries", program, FILES_MAX);
        const char *file = files->items[search.first + next];
        if (search.needs[next] == NULL)
            search.needs[next] = read_needed(file, error);
        /* The list may move while it grows, what is in it does not. */
        const struct elf_needed *needed = search.needs[next];
        if (needed == NULL || find_of_file(&search, file, needed, error) < 0)
            return -1;
    }
    return 0;
}
