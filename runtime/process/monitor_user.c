#include "runtime/process/monitor_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/memory.h"
#include "runtime/sandbox/namespaces/rootless.h"

static void add_group(struct monitor_user *user, gid_t group)
{
    struct identity *identity = &user->identity;
    for (size_t i = 0; i < identity->group_count; i++)
        if (user->groups[i] == group)
            return;
    if (group == identity->gid)
        return;
    user->groups = xreallocarray(user->groups, identity->group_count + 1, sizeof *user->groups);
    user->groups[identity->group_count++] = group;
    identity->groups = user->groups;
}

/* stat(2) shows an ID that the user namespace does not have as 65534. */
static bool is_shown_as_it_is(uint32_t id)
{
    return id != MONITOR_NOBODY || rootless_is_root();
}

/* The group's permission is only looked at where there is none for everybody. */
static int add_device(const char *device, struct monitor_user *user, struct error *error)
{
    struct stat status;
    if (stat(device, &status) < 0)
        return error_errno(error, errno, "the monitor needs %s", device);
    strings_add(&user->devices, device);
    bool for_all = (status.st_mode & 0006) == 0006, for_group = (status.st_mode & 0060) == 0060;
    bool is_owner = status.st_uid == user->identity.uid && is_shown_as_it_is(status.st_uid) &&
                    (status.st_mode & 0600) == 0600;
    if (for_all || is_owner)
        return 0;
    bool is_mapped = identity_group_is_mapped(status.st_gid) && is_shown_as_it_is(status.st_gid);
    if (for_group && is_mapped)
        add_group(user, status.st_gid);
    else if (for_group && faccessat(AT_FDCWD, device, R_OK | W_OK, AT_EACCESS) == 0)
        user->identity.keeps_groups = true;
    else
        strings_add(&user->own_devices, device);
    return 0;
}

int monitor_user_choose(const struct process *process, const struct identity *owner,
                        const struct strings *devices, struct monitor_user *user, struct error *error)
{
    *user = (struct monitor_user){.identity = {.uid = process->uid, .gid = process->gid}};
    bool is_root = process->uid == 0;
    if (owner != NULL)
        user->identity = (struct identity){.uid = owner->uid, .gid = owner->gid};
    else if (is_root && identity_is_mapped(MONITOR_NOBODY, MONITOR_NOBODY))
        user->identity = (struct identity){.uid = MONITOR_NOBODY, .gid = MONITOR_NOBODY};
    for (size_t i = 0; !is_root && i < process->additional_gid_count; i++)
        add_group(user, process->additional_gids[i]);
    for (size_t i = 0; i < devices->count; i++)
        if (add_device(devices->items[i], user, error) < 0)
            return -1;
    return 0;
}

int64_t monitor_host_user(const struct bundle *bundle)
{
    const struct namespaces *namespaces = &bundle->namespaces;
    if (bundle->process.uid != 0)
        return namespaces_host_uid(namespaces, bundle->process.uid);
    int64_t nobody = namespaces_host_uid(namespaces, MONITOR_NOBODY);
    return nobody >= 0 ? nobody : namespaces_host_uid(namespaces, 0);
}

void monitor_user_free(struct monitor_user *user)
{
    free(user->groups);
    strings_free(&user->devices);
    strings_free(&user->own_devices);
    *user = (struct monitor_user){0};
}
