#include "runtime/bundle/mounts.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"

/* What an option means for a guest's mount. */
enum effect {
    NOTHING,
    READ_ONLY,
    WRITABLE,
    BIND,
    BIND_RECURSIVE,
    NO_EXEC,
    EXEC,
    ID_MAPPED,
};

/* The options of runtime-spec, config.md, "Linux mount options"; any other is the file system's. Propagation
 * and times have no meaning for a guest, which has a kernel of its own. */
static const struct mount_option {
    const char *name;
    enum effect effect;
} mount_options[] = {
    {"ro", READ_ONLY},
    {"rro", READ_ONLY},
    {"rw", WRITABLE},
    {"rrw", WRITABLE},
    {"bind", BIND},
    {"rbind", BIND_RECURSIVE},
    {"noexec", NO_EXEC},
    {"rnoexec", NO_EXEC},
    {"exec", EXEC},
    {"rexec", EXEC},
    {"idmap", ID_MAPPED},
    {"ridmap", ID_MAPPED},
    {"async", NOTHING},
    {"atime", NOTHING},
    {"defaults", NOTHING},
    {"dev", NOTHING},
    {"diratime", NOTHING},
    {"dirsync", NOTHING},
    {"iversion", NOTHING},
    {"lazytime", NOTHING},
    {"loud", NOTHING},
    {"mand", NOTHING},
    {"noatime", NOTHING},
    {"nodev", NOTHING},
    {"nodiratime", NOTHING},
    {"noiversion", NOTHING},
    {"nolazytime", NOTHING},
    {"nomand", NOTHING},
    {"norelatime", NOTHING},
    {"nostrictatime", NOTHING},
    {"nosuid", NOTHING},
    {"nosymfollow", NOTHING},
    {"private", NOTHING},
    {"ratime", NOTHING},
    {"rdev", NOTHING},
    {"rdiratime", NOTHING},
    {"relatime", NOTHING},
    {"remount", NOTHING},
    {"rnoatime", NOTHING},
    {"rnodev", NOTHING},
    {"rnodiratime", NOTHING},
    {"rnorelatime", NOTHING},
    {"rnostrictatime", NOTHING},
    {"rnosuid", NOTHING},
    {"rnosymfollow", NOTHING},
    {"rprivate", NOTHING},
    {"rrelatime", NOTHING},
    {"rshared", NOTHING},
    {"rslave", NOTHING},
    {"rstrictatime", NOTHING},
    {"rsuid", NOTHING},
    {"rsymfollow", NOTHING},
    {"runbindable", NOTHING},
    {"shared", NOTHING},
    {"silent", NOTHING},
    {"slave", NOTHING},
    {"strictatime", NOTHING},
    {"suid", NOTHING},
    {"symfollow", NOTHING},
    {"sync", NOTHING},
    {"tmpcopyup", NOTHING},
    {"unbindable", NOTHING},
};

static const struct mount_option *find_option(const char *name)
{
    for (size_t i = 0; i < sizeof mount_options / sizeof *mount_options; i++)
        if (strcmp(mount_options[i].name, name) == 0)
            return &mount_options[i];
    return NULL;
}

static void apply(enum effect effect, struct bundle_mount *mount)
{
    switch (effect) {
    case READ_ONLY:
    case WRITABLE:
        mount->readonly = effect == READ_ONLY;
        break;
    case BIND:
    case BIND_RECURSIVE:
        mount->bind = true;
        mount->recursive = mount->recursive || effect == BIND_RECURSIVE;
        break;
    case NO_EXEC:
    case EXEC:
        mount->noexec = effect == NO_EXEC;
        break;
    case ID_MAPPED:
        mount->id_mapped = true;
        break;
    case NOTHING:
        break;
    }
}

static int read_options(const json_t *item, const char *where, struct bundle_mount *mount,
                        struct error *error)
{
    cleanup_strings struct strings options = {0};
    cleanup_buffer struct buffer own = {0};
    if (read_strings(item, where, "options", &options, error) < 0)
        return -1;
    for (size_t i = 0; i < options.count; i++) {
        const struct mount_option *option = find_option(options.items[i]);
        if (option != NULL)
            apply(option->effect, mount);
        else if (strpbrk(options.items[i], ",:") != NULL)
            return error_set(error, "%soptions: \"%s\" has a comma or a colon", where, options.items[i]);
        else if (*options.items[i] != '\0')
            buffer_format(&own, "%s%s", own.length > 0 ? "," : "", options.items[i]);
    }
    mount->options = own.length > 0 ? buffer_take(&own) : NULL;
    return 0;
}

static int read_destination(const json_t *item, const char *where, struct bundle_mount *mount,
                            struct error *error)
{
    const char *text = NULL;
    if (require_string(item, where, "destination", &text, error) < 0)
        return -1;
    if (strlen(text) >= PATH_MAX)
        return error_set(error, "%sdestination: longer than %d bytes", where, PATH_MAX - 1);
    if (text[0] != '/')
        return error_set(error, "%sdestination: \"%s\" is not an absolute path", where, text);
    cleanup_free char *clean = path_clean(text, PATH_DOTS_REFUSE);
    if (clean == NULL)
        return error_set(error, "%sdestination: \"%s\" has a \"..\"", where, text);
    if (*clean == '\0')
        return error_set(error, "%sdestination: \"%s\" is the root, which the image makes", where, text);
    mount->destination = xasprintf("/%s", clean);
    return 0;
}

static int read_source(const json_t *item, const char *where, const char *bundle, struct bundle_mount *mount,
                       struct error *error)
{
    const char *text = NULL;
    if (read_string(item, where, "source", &text, error) < 0)
        return -1;
    if (mount->bind && (text == NULL || *text == '\0'))
        return error_set(error, "%ssource: missing, and the mount is a bind mount", where);
    if (text == NULL)
        return 0;
    bool relative = mount->bind && text[0] != '/';
    mount->source = relative ? xasprintf("%s/%s", bundle, text) : xstrdup(text);
    return 0;
}

static int read_mount(const json_t *item, const char *where, const char *bundle, struct bundle_mount *mount,
                      struct error *error)
{
    const json_t *uids = NULL, *gids = NULL;
    mount->type = "";
    if (read_destination(item, where, mount, error) < 0 ||
        read_string(item, where, "type", &mount->type, error) < 0 ||
        read_options(item, where, mount, error) < 0 ||
        read_array(item, where, "uidMappings", &uids, error) < 0 ||
        read_array(item, where, "gidMappings", &gids, error) < 0)
        return -1;
    mount->bind = mount->bind || strcmp(mount->type, "bind") == 0;
    mount->id_mapped = mount->id_mapped || json_array_size(uids) > 0 || json_array_size(gids) > 0;
    return read_source(item, where, bundle, mount, error);
}

int bundle_mounts_read(const json_t *config, const char *bundle, const char *file,
                       struct bundle_mounts *mounts, struct error *error)
{
    const json_t *array = NULL;
    cleanup_free char *place = xasprintf("%s: ", file);
    *mounts = (struct bundle_mounts){0};
    if (read_array(config, place, "mounts", &array, error) < 0)
        return -1;
    size_t count = json_array_size(array);
    if (count > BUNDLE_MOUNTS_MAX)
        return error_set(error, "%smounts: %zu of them; urunc takes at most %d", place, count,
                         BUNDLE_MOUNTS_MAX);
    mounts->items = xcalloc(count + 1, sizeof *mounts->items);
    for (size_t i = 0; i < count; i++) {
        const json_t *item = json_array_get(array, i);
        cleanup_free char *where = xasprintf("%smounts[%zu].", place, i);
        struct bundle_mount *mount = &mounts->items[mounts->count++];
        mount->fd = -1;
        int status = json_is_object(item) ? read_mount(item, where, bundle, mount, error)
                                          : error_set(error, "%smounts[%zu]: not an object", place, i);
        if (status < 0) {
            bundle_mounts_free(mounts);
            return -1;
        }
    }
    return 0;
}

int bundle_mounts_open(struct bundle_mounts *mounts, struct error *error)
{
    for (size_t i = 0; i < mounts->count; i++) {
        struct bundle_mount *mount = &mounts->items[i];
        if (!mount->bind || mount->fd >= 0)
            continue;
        mount->fd = open(mount->source, O_PATH | O_CLOEXEC);
        if (mount->fd < 0 || fstat(mount->fd, &mount->status) < 0)
            return error_errno(error, errno, "config.json: mounts[%zu] (%s): source %s", i,
                               mount->destination, mount->source);
    }
    return 0;
}

void bundle_mounts_close(struct bundle_mounts *mounts)
{
    for (size_t i = 0; i < mounts->count; i++)
        if (mounts->items[i].fd >= 0)
            close(take_fd(mounts->items[i].fd));
}

void bundle_mounts_free(struct bundle_mounts *mounts)
{
    bundle_mounts_close(mounts);
    for (size_t i = 0; i < mounts->count; i++) {
        struct bundle_mount *mount = &mounts->items[i];
        free(mount->destination);
        free(mount->source);
        free(mount->options);
    }
    free(mounts->items);
    *mounts = (struct bundle_mounts){0};
}

const struct bundle_mount *bundle_mounts_find(const struct bundle_mounts *mounts, const char *destination)
{
    for (size_t i = mounts->count; i > 0; i--)
        if (strcmp(mounts->items[i - 1].destination, destination) == 0)
            return &mounts->items[i - 1];
    return NULL;
}
