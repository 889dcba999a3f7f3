#include "runtime/bundle/mount_way.h"

#include <string.h>

/* What the guest does for itself at a usual place. */
enum usual_way {
    THE_GUESTS, /* its kernel or its init makes it */
    A_TMPFS,    /* a tmpfs where the guest can make one */
    A_COPY,     /* a copy where the guest takes one; what it writes to it, nobody else sees */
    AN_INIT,    /* a program of the engine's to run the container's; the guest's kernel or init does that */
};

/* Mounts that engines make for every container (runtime-spec, config-linux.md, "Default Filesystems";
 * containerd's CRI plugin, podman and docker). */
static const struct usual {
    const char *destination;
    bool below; /* what is below it as well */
    enum usual_way way;
} usual_mounts[] = {
    {"/proc", true, THE_GUESTS},
    {"/sys", true, THE_GUESTS},
    {"/dev", false, THE_GUESTS},
    {"/dev/pts", false, THE_GUESTS},
    {"/dev/mqueue", false, THE_GUESTS},
    {"/dev/hugepages", false, THE_GUESTS},
    {"/dev/console", false, THE_GUESTS},
    {"/dev/full", false, THE_GUESTS},
    {"/dev/null", false, THE_GUESTS},
    {"/dev/random", false, THE_GUESTS},
    {"/dev/tty", false, THE_GUESTS},
    {"/dev/urandom", false, THE_GUESTS},
    {"/dev/zero", false, THE_GUESTS},
    {"/dev/termination-log", false, THE_GUESTS},
    {"/dev/shm", false, A_TMPFS},
    {"/run", false, A_TMPFS},
    {"/run/lock", false, A_TMPFS},
    {"/tmp", false, A_TMPFS},
    {"/var/tmp", false, A_TMPFS},
    {"/etc/hostname", false, A_COPY},
    {"/etc/hosts", false, A_COPY},
    {"/etc/resolv.conf", false, A_COPY},
    {"/dev/init", false, AN_INIT},
    {"/run/podman-init", false, AN_INIT},
    {"/sbin/docker-init", false, AN_INIT},
    {"/run/.containerenv", false, A_COPY},
    {"/.dockerenv", false, A_COPY},
    {"/run/secrets", false, A_COPY},
    {"/run/secrets/kubernetes.io", true, A_COPY},
    {"/var/run/secrets/kubernetes.io", true, A_COPY},
};

static bool is_at(const char *destination, const struct usual *usual)
{
    size_t length = strlen(usual->destination);
    if (strncmp(destination, usual->destination, length) != 0)
        return false;
    return destination[length] == '\0' || (usual->below && destination[length] == '/');
}

static const struct usual *find_usual(const struct bundle_mount *mount)
{
    for (size_t i = 0; i < sizeof usual_mounts / sizeof *usual_mounts; i++)
        if (is_at(mount->destination, &usual_mounts[i]))
            return &usual_mounts[i];
    return NULL;
}

bool mount_is_usual(const struct bundle_mount *mount)
{
    return find_usual(mount) != NULL;
}

bool mount_is_engine_init(const struct bundle_mount *mount)
{
    const struct usual *usual = find_usual(mount);
    return mount->bind && usual != NULL && usual->way == AN_INIT;
}

bool mount_may_be_copied(const struct bundle_mount *mount)
{
    const struct usual *usual = find_usual(mount);
    return mount->bind && (usual != NULL ? usual->way == A_COPY : mount->readonly);
}

/* True if it is not what an engine makes there: a bind mount at /tmp or /run is somebody's volume (at
 * /dev/shm it is the pod's, which guests cannot share), a tmpfs at /run/secrets somebody's tmpfs. */
static bool is_of_another_kind(const struct bundle_mount *mount, const struct usual *usual)
{
    if (usual->way == A_COPY || usual->way == AN_INIT)
        return !mount->bind;
    return usual->way == A_TMPFS && mount->bind && strcmp(usual->destination, "/dev/shm") != 0;
}

static enum mount_way choose_usual(const struct usual *usual, const struct mount_source *source,
                                   const struct mount_abilities *abilities)
{
    if (usual->way == A_TMPFS && abilities->tmpfs)
        return MOUNT_WAY_TMPFS;
    if (usual->way == A_COPY && abilities->archive && source->fits)
        return MOUNT_WAY_ARCHIVE;
    return MOUNT_WAY_OWN;
}

static int refuse(const struct bundle_mount *mount, const char *reason, struct error *error)
{
    return error_set(error, "config.json: mounts: %s (%s%s): %s", mount->destination,
                     mount->bind ? "bind mount of " : "", mount->bind ? mount->source : mount->type, reason);
}

static int choose_file(const struct bundle_mount *mount, const struct mount_source *source,
                       const struct mount_abilities *abilities, enum mount_way *way, struct error *error)
{
    bool is_disk = source->type == S_IFBLK || source->holds_a_system;
    if (is_disk && abilities->disks) {
        *way = MOUNT_WAY_DISK;
        return 0;
    }
    if (source->type == S_IFBLK)
        return refuse(mount, "this guest can mount no disk beside its own", error);
    if (!mount->readonly)
        return refuse(
            mount,
            "a guest can only have a copy of a single file, which would not be written back: make it "
            "read-only, or mount its directory",
            error);
    if (!abilities->archive)
        return refuse(mount, "this guest takes no files: its image has no initrd that urunc can add to",
                      error);
    if (!source->fits)
        return refuse(mount, "larger than the limit of the guest's files (files_mib in the configuration)",
                      error);
    *way = MOUNT_WAY_ARCHIVE;
    return 0;
}

static int choose_directory(const struct bundle_mount *mount, const struct mount_source *source,
                            const struct mount_abilities *abilities, enum mount_way *way, struct error *error)
{
    *way = MOUNT_WAY_ARCHIVE;
    if (mount->readonly && abilities->archive && source->fits)
        return 0;
    *way = MOUNT_WAY_SHARE;
    if (abilities->shares)
        return 0;
    if (!mount->readonly)
        return refuse(mount,
                      "this guest cannot share a directory with the host, and a copy would not be "
                      "written back: make it read-only",
                      error);
    if (!abilities->archive)
        return refuse(mount, "this guest takes no files: its image has no initrd that urunc can add to",
                      error);
    return refuse(
        mount,
        "larger than the limit of the guest's files (files_mib in the configuration), or not of "
        "files, directories and symlinks alone, and this guest cannot share a directory with the host",
        error);
}

int mount_way_choose(const struct bundle_mount *mount, const struct mount_source *source,
                     const struct mount_abilities *abilities, enum mount_way *way, struct error *error)
{
    const struct usual *usual = find_usual(mount);
    if (usual != NULL && !is_of_another_kind(mount, usual)) {
        *way = choose_usual(usual, source, abilities);
        return 0;
    }
    if (!mount->bind && strcmp(mount->type, "tmpfs") == 0) {
        *way = MOUNT_WAY_TMPFS;
        return abilities->tmpfs ? 0
                                : refuse(mount, "this guest can be told of no file system to mount", error);
    }
    if (!mount->bind)
        return refuse(mount, "a guest has its own kernel's file systems, at their usual places", error);
    if (source->type == S_IFDIR)
        return choose_directory(mount, source, abilities, way, error);
    if (source->type == S_IFREG || source->type == S_IFBLK)
        return choose_file(mount, source, abilities, way, error);
    return refuse(mount, "a guest cannot have a socket, a pipe or a character device of the host", error);
}
