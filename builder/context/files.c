#include "builder/context/files.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "builder/context/pattern.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "formats/tree/lookup.h"

/* Matches the components of `rest` below the directory `base`, which exists. */
static int glob_below(struct files *files, const char *base, const char *rest, struct strings *matches,
                      struct error *error)
{
    rest += strspn(rest, "/");
    while (rest[0] == '.' && (rest[1] == '/' || rest[1] == '\0'))
        rest += 1 + strspn(rest + 1, "/");
    if (*rest == '\0') {
        strings_add(matches, base);
        return 0;
    }
    size_t length = strcspn(rest, "/");
    cleanup_free char *component = xstrndup(rest, length);
    cleanup_strings struct strings names = {0};
    if (strcmp(component, "..") == 0)
        return error_set(error, "\"..\" cannot be combined with wildcards");
    if (files->list(files, base, &names, error) < 0)
        return -1;
    /* A component without wildcards is compared by the same automaton, which takes its escapes. */
    struct pattern *pattern = pattern_compile(component, PATTERN_MATCH, error);
    if (pattern == NULL)
        return -1;
    int result = 0;
    for (size_t i = 0; i < names.count && result == 0; i++) {
        if (!pattern_matches(pattern, names.items[i]))
            continue;
        cleanup_free char *path = path_join(base, names.items[i]);
        /* A path that is not a directory lists as empty, so "file/x" matches nothing; "file/" is the file. */
        result = glob_below(files, path, rest + length, matches, error);
    }
    pattern_free(pattern);
    return result;
}

int files_glob(struct files *files, const char *pattern, struct strings *matches, struct error *error)
{
    if (!pattern_is_wild(pattern)) {
        /* "file/" is the file, as with wildcards. */
        size_t length = strlen(pattern);
        while (length > 1 && pattern[length - 1] == '/')
            length--;
        strings_add_owned(matches, xstrndup(pattern, length));
        return 0;
    }
    return glob_below(files, "", pattern, matches, error);
}

static struct inode *tree_load(struct files *base, const char *path, struct error *error)
{
    struct tree_files *files = (struct tree_files *)base;
    struct inode *inode = tree_lookup(files->root, path, TREE_FOLLOW, error);
    if (inode == NULL) {
        if (error->number == ENOENT || error->number == ENOTDIR)
            error_set(error, "%s: not in the stage %s", path, files->name);
        return NULL;
    }
    return S_ISDIR(inode->mode) ? tree_copy(inode) : inode_ref(inode);
}

static int tree_list(struct files *base, const char *path, struct strings *names, struct error *error)
{
    struct tree_files *files = (struct tree_files *)base;
    cleanup_error struct error missing = {0};
    struct inode *inode = tree_lookup(files->root, *path != '\0' ? path : "/", TREE_FOLLOW, &missing);
    (void)error;
    if (inode == NULL || !S_ISDIR(inode->mode))
        return 0;
    for (size_t i = 0; i < inode->child_count; i++)
        strings_add(names, inode->children[i].name);
    return 0;
}

void tree_files_init(struct tree_files *files, struct inode *root, const char *name)
{
    *files = (struct tree_files){.files = {.load = tree_load, .list = tree_list}, .root = root, .name = name};
}
