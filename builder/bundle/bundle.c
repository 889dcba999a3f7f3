#include "builder/bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "builder/bundle/config_json.h"
#include "builder/bundle/remove_tree.h"
#include "builder/bundle/unpack.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

struct draft {
    int parent;  /* the directory in which the bundle will stand */
    char *name;  /* hidden; NULL: nothing to remove */
    char *final; /* the bundle's own name */
};

static void draft_free(struct draft *draft)
{
    cleanup_error struct error ignored = {0};
    if (draft->name != NULL)
        remove_tree(draft->parent, draft->name, &ignored);
    free(draft->name);
    free(draft->final);
    if (draft->parent >= 0)
        close(draft->parent);
}
#define cleanup_draft __attribute__((cleanup(draft_free)))

static int open_parent(const char *path, struct draft *draft, struct error *error)
{
    cleanup_free char *parent = NULL;
    path_split(path, &parent, &draft->final);
    if (*draft->final == '\0' || path_is_dot(draft->final))
        return error_set(error, "%s: a bundle needs a name of its own", path);
    draft->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    return draft->parent >= 0 ? 0 : error_errno(error, errno, "%s", parent);
}

/* rename(2) replaces an empty directory and refuses one that is not; this says so before the work is done. */
static int check_destination(const struct draft *draft, const char *path, struct error *error)
{
    struct stat status;
    if (fstatat(draft->parent, draft->final, &status, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? 0 : error_errno(error, errno, "%s", path);
    if (!S_ISDIR(status.st_mode))
        return error_set(error, "%s: exists and is not a directory", path);
    int empty = directory_is_empty(draft->parent, draft->final);
    if (empty < 0)
        return error_errno(error, errno, "%s", path);
    return empty == 1 ? 0 : error_set(error, "%s: the directory is not empty", path);
}

static int make_draft(struct draft *draft, struct error *error)
{
    cleanup_free char *name = temporary_name(error);
    if (name == NULL)
        return -1;
    /* It stays closed to others: an image's setuid programs are not for the users of this machine. */
    if (mkdirat(draft->parent, name, 0700) < 0)
        return error_errno(error, errno, "cannot make a directory");
    draft->name = take_pointer(name);
    return 0;
}

/* Not synced, just as the files of the rootfs are not: the bundle is made again after a crash of the host. */
static int write_config(int bundle, const char *text, struct error *error)
{
    cleanup_close int fd =
        openat(bundle, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0644);
    if (fd < 0)
        return error_errno(error, errno, "config.json");
    return write_all(fd, text, strlen(text), "config.json", error);
}

static int fill(const struct source_image *image, int bundle, struct error *error)
{
    if (mkdirat(bundle, "rootfs", 0755) < 0)
        return error_errno(error, errno, "rootfs");
    cleanup_close int rootfs = openat(bundle, "rootfs", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (rootfs < 0 || fchmod(rootfs, 0755) < 0)
        return error_errno(error, errno, "rootfs");
    if (unpack_image(image, rootfs, error) < 0)
        return -1;
    cleanup_json json_t *config = config_json_of_image(image->manifest, image->config, rootfs, error);
    if (config == NULL)
        return error_prefix(error, "%s", image->name);
    cleanup_free char *text = json_dumps(config, JSON_INDENT(2));
    if (text == NULL)
        return error_set(error, "%s: config.json cannot be written as JSON", image->name);
    cleanup_free char *line = xasprintf("%s\n", text);
    return write_config(bundle, line, error);
}

int bundle_make(const struct source_image *image, const char *path, struct error *error)
{
    cleanup_draft struct draft draft = {.parent = -1};
    if (open_parent(path, &draft, error) < 0 || check_destination(&draft, path, error) < 0)
        return -1;
    if (make_draft(&draft, error) < 0)
        return error_prefix(error, "%s", path);
    cleanup_close int bundle =
        openat(draft.parent, draft.name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (bundle < 0)
        return error_errno(error, errno, "%s", path);
    if (fill(image, bundle, error) < 0)
        return -1;
    if (renameat(draft.parent, draft.name, draft.parent, draft.final) < 0)
        return error_errno(error, errno, "%s", path);
    free(take_pointer(draft.name));
    return 0;
}
