#include "formats/tree/lookup.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

enum {
    MAX_SYMLINKS = 40,           /* as Linux (namei.h, MAXSYMLINKS) */
    MAX_PENDING = 64 * PATH_MAX, /* bytes of path that symlinks can add up to */
};

/*
 * A resolution in progress: the components that are settled, and the path that is still to be walked. A
 * symlink's target is put in front of what remains. Components that do not exist have a NULL inode.
 */
struct resolver {
    struct component {
        struct inode *inode;
        char *name; /* owned; NULL for the root */
    } * components;
    size_t count; /* the root is the first */
    size_t capacity;
    char *pending; /* owned: begins where `rest` did when the last symlink was met */
    const char *rest;
    unsigned symlinks;
    const char *path; /* as the caller gave it, for messages */
};

static void push(struct resolver *resolver, struct inode *inode, char *name)
{
    if (resolver->count == resolver->capacity) {
        resolver->capacity = resolver->capacity * 2 + 16;
        resolver->components =
            xreallocarray(resolver->components, resolver->capacity, sizeof *resolver->components);
    }
    resolver->components[resolver->count++] = (struct component){inode, name};
}

static void pop_to(struct resolver *resolver, size_t count)
{
    while (resolver->count > count)
        free(resolver->components[--resolver->count].name);
}

static void resolver_free(struct resolver *resolver)
{
    pop_to(resolver, 0);
    free(resolver->components);
    free(resolver->pending);
}

static struct inode *top(const struct resolver *resolver)
{
    return resolver->components[resolver->count - 1].inode;
}

static int follow(struct resolver *resolver, const struct inode *symlink, struct error *error)
{
    const char *target = symlink->target ? symlink->target : "";
    if (++resolver->symlinks > MAX_SYMLINKS)
        return error_errno(error, ELOOP, "%s", resolver->path);
    if (*target == '\0')
        return error_errno(error, ENOENT, "%s: an empty symlink", resolver->path);
    if (strlen(target) + strlen(resolver->rest) > MAX_PENDING)
        return error_errno(error, ENAMETOOLONG, "%s", resolver->path);
    char *pending = *resolver->rest ? xasprintf("%s/%s", target, resolver->rest) : xstrdup(target);
    free(resolver->pending);
    resolver->pending = pending;
    resolver->rest = pending;
    if (*target == '/')
        pop_to(resolver, 1);
    return 0;
}

/* Walks one component, `name` (owned by this); what remains is in resolver->rest. */
static int step(struct resolver *resolver, char *name, bool must_exist, bool follow_last, struct error *error)
{
    cleanup_free char *owned = name;
    struct inode *directory = top(resolver);
    if (directory != NULL && !S_ISDIR(directory->mode))
        return error_errno(error, ENOTDIR, "%s", resolver->path);
    if (strcmp(owned, ".") == 0)
        return 0;
    if (strcmp(owned, "..") == 0) {
        if (resolver->count > 1)
            pop_to(resolver, resolver->count - 1);
        return 0;
    }
    struct inode *child = directory != NULL ? tree_child(directory, owned) : NULL;
    if (child == NULL && must_exist)
        return error_errno(error, ENOENT, "%s", resolver->path);
    bool last = *resolver->rest == '\0';
    if (child != NULL && S_ISLNK(child->mode) && (!last || follow_last))
        return follow(resolver, child, error);
    push(resolver, child, take_pointer(owned));
    return 0;
}

static int resolve(struct resolver *resolver, struct inode *root, const char *path, bool must_exist,
                   enum tree_resolve how, struct error *error)
{
    resolver->path = resolver->rest = path;
    push(resolver, root, NULL);
    for (;;) {
        size_t slashes = strspn(resolver->rest, "/");
        resolver->rest += slashes;
        const struct inode *reached = top(resolver);
        if (*resolver->rest == '\0' && slashes > 0 && reached != NULL && !S_ISDIR(reached->mode))
            return error_errno(error, ENOTDIR, "%s", path);
        if (*resolver->rest == '\0')
            return 0;
        size_t length = strcspn(resolver->rest, "/");
        if (length > NAME_MAX)
            return error_errno(error, ENAMETOOLONG, "%s", resolver->path);
        char *name = xstrndup(resolver->rest, length);
        /* A slash behind the last name stays in `rest`, so that "link/" means what the link leads to. */
        resolver->rest += length;
        if (step(resolver, name, must_exist, how == TREE_FOLLOW, error) < 0)
            return -1;
    }
}

struct inode *tree_lookup(struct inode *root, const char *path, enum tree_resolve how, struct error *error)
{
    __attribute__((cleanup(resolver_free))) struct resolver resolver = {0};
    if (resolve(&resolver, root, path, true, how, error) < 0)
        return NULL;
    return top(&resolver);
}

char *tree_real_path(struct inode *root, const char *path, enum tree_resolve how, struct error *error)
{
    __attribute__((cleanup(resolver_free))) struct resolver resolver = {0};
    if (resolve(&resolver, root, path, false, how, error) < 0)
        return NULL;
    cleanup_buffer struct buffer real = {0};
    for (size_t i = 1; i < resolver.count; i++) {
        buffer_add_char(&real, '/');
        buffer_add_string(&real, resolver.components[i].name);
    }
    if (real.length == 0)
        buffer_add_char(&real, '/');
    if (real.length >= PATH_MAX) {
        error_errno(error, ENAMETOOLONG, "%s", path);
        return NULL;
    }
    return buffer_take(&real);
}
