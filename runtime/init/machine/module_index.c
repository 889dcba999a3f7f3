/*
 * The modules below /lib/modules/<release>.
 *
 * depmod(8) writes modules.dep when a kernel package is installed. A tree that was only unpacked has none;
 * there each module says itself what it depends on (its .modinfo section), so no depmod is needed to build a
 * guest.
 */
#include "runtime/init/machine/module_index.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "runtime/init/files.h"

/* The length of the name in a path or name: without directories and without ".ko" and what follows. */
static const char *name_of(const char *path, size_t *length)
{
    const char *slash = strrchr(path, '/');
    const char *name = slash != NULL ? slash + 1 : path;
    const char *suffix = strstr(name, ".ko");
    *length = suffix != NULL ? (size_t)(suffix - name) : strlen(name);
    return name;
}

static bool same_name(const char *one, const char *other)
{
    size_t length = 0;
    size_t other_length = 0;
    const char *a = name_of(one, &length);
    const char *b = name_of(other, &other_length);
    if (length != other_length)
        return false;
    for (size_t i = 0; i < length; i++)
        if ((a[i] == '-' ? '_' : a[i]) != (b[i] == '-' ? '_' : b[i]))
            return false;
    return true;
}

struct module *module_index_find(const struct module_index *index, const char *name)
{
    for (size_t i = 0; i < index->count; i++)
        if (same_name(index->modules[i].path, name))
            return &index->modules[i];
    return NULL;
}

static void add_module(struct module_index *index, char *path, char *needs)
{
    if ((index->count & (index->count - 1)) == 0) { /* grow at powers of two */
        size_t capacity = index->count == 0 ? 1 : index->count * 2;
        struct module *modules = realloc(index->modules, capacity * sizeof *modules);
        if (modules == NULL)
            return;
        index->modules = modules;
    }
    index->modules[index->count++] = (struct module){.path = path, .needs = needs};
}

/* "kernel/drivers/block/virtio_blk.ko: kernel/drivers/virtio/virtio.ko kernel/...". The text stays: modules
 * point into it. */
static void read_dependencies(struct module_index *index, char *text)
{
    for (char *line = strsep(&text, "\n"); line != NULL; line = strsep(&text, "\n")) {
        char *colon = strchr(line, ':');
        if (colon == NULL)
            continue;
        *colon = '\0';
        add_module(index, line, colon + 1);
    }
}

static bool is_module(const char *name)
{
    const char *suffix = strstr(name, ".ko");
    return suffix != NULL && (suffix[3] == '\0' || suffix[3] == '.');
}

static void walk(struct module_index *index, const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char below[4096];
        struct stat status;
        int length = snprintf(below, sizeof below, "%s/%s", path, entry->d_name);
        if (entry->d_name[0] == '.' || length < 0 || (size_t)length >= sizeof below ||
            lstat(below, &status) < 0)
            continue;
        if (S_ISDIR(status.st_mode))
            walk(index, below);
        else if (S_ISREG(status.st_mode) && is_module(entry->d_name))
            add_module(index, strdup(below), NULL);
    }
    closedir(directory);
}

/* Fills the index of the directory that it names. */
static void read_directory(struct module_index *index)
{
    char path[400];
    snprintf(path, sizeof path, "%s/modules.dep", index->directory);
    char *text = read_whole(path, NULL);
    if (text != NULL)
        read_dependencies(index, text);
    else
        walk(index, index->directory);
}

void module_index_read(struct module_index *index)
{
    memset(index, 0, sizeof *index);
    struct utsname system;
    if (uname(&system) < 0)
        return;
    snprintf(index->directory, sizeof index->directory, "/lib/modules/%s", system.release);
    read_directory(index);
}

bool module_index_is_builtin(const struct module_index *index, const char *name)
{
    char path[400];
    snprintf(path, sizeof path, "%s/modules.builtin", index->directory);
    char *text = read_whole(path, NULL);
    bool found = false;
    char *rest = text;
    for (char *line = strsep(&rest, "\n"); !found && line != NULL; line = strsep(&rest, "\n"))
        found = same_name(line, name);
    free(text);
    return found;
}
