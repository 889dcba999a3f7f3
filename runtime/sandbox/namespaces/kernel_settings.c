#include "runtime/sandbox/namespaces/kernel_settings.h"

#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/sandbox/proc.h"

#define SYSCTL "config.json: linux.sysctl."

/* The namespace that a sysctl belongs to; a name that ends with "." stands for all that begin so. */
static const struct {
    const char *name;
    enum namespace_kind kind;
} sysctl_namespaces[] = {
    {"net.", NAMESPACE_NETWORK},          {"fs.mqueue.", NAMESPACE_IPC},
    {"kernel.msgmax", NAMESPACE_IPC},     {"kernel.msgmnb", NAMESPACE_IPC},
    {"kernel.msgmni", NAMESPACE_IPC},     {"kernel.sem", NAMESPACE_IPC},
    {"kernel.shmall", NAMESPACE_IPC},     {"kernel.shmmax", NAMESPACE_IPC},
    {"kernel.shmmni", NAMESPACE_IPC},     {"kernel.shm_rmid_forced", NAMESPACE_IPC},
    {"kernel.domainname", NAMESPACE_UTS},
};

static int namespace_of(const char *key)
{
    for (size_t i = 0; i < sizeof sysctl_namespaces / sizeof *sysctl_namespaces; i++) {
        const char *name = sysctl_namespaces[i].name;
        size_t length = strlen(name);
        if (name[length - 1] == '.' ? strncmp(key, name, length) == 0 : strcmp(key, name) == 0)
            return (int)sysctl_namespaces[i].kind;
    }
    return -1;
}

/* "net.ipv4.conf.eth0/1.rp_filter" is net/ipv4/conf/eth0.1/rp_filter (sysctl(8)). Owned. */
static char *sysctl_path(const char *key)
{
    char *path = xstrdup(key);
    for (char *c = path; *c != '\0'; c++)
        *c = *c == '.' ? '/' : *c == '/' ? '.' : *c;
    return path;
}

/* True if the bundle names urunc's own namespace by its path. */
static bool is_hosts(const struct namespaces *namespaces, enum namespace_kind kind)
{
    const char *path = namespaces->path[kind];
    return path != NULL &&
           namespace_is_own(path, kind == NAMESPACE_NETWORK ? "net" : namespace_types[kind].name);
}

int sysctl_check(const json_t *sysctl, const struct namespaces *namespaces, struct error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)sysctl, key, value) {
        if (!json_is_string(value))
            return error_set(error, SYSCTL "%s: not a string", key);
        int kind = namespace_of(key);
        cleanup_free char *path = sysctl_path(key);
        if (kind < 0 || strstr(path, "..") != NULL)
            return error_set(error, SYSCTL "%s: not a setting of a namespace", key);
        if (!namespaces->wanted[kind] || is_hosts(namespaces, (enum namespace_kind)kind))
            return error_set(error, SYSCTL "%s: needs a namespace of the container's own of type \"%s\"", key,
                             namespace_types[kind].name);
    }
    return 0;
}

int sysctl_apply(const json_t *sysctl, struct error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)sysctl, key, value) {
        cleanup_free char *path = sysctl_path(key);
        cleanup_free char *file = xasprintf("/proc/sys/%s", path);
        cleanup_close int fd = proc_open(file, O_WRONLY, error);
        if (fd < 0 || write_all(fd, json_string_value(value), json_string_length(value), key, error) < 0)
            return error_prefix(error, "config.json: linux.sysctl");
    }
    return 0;
}

int loopback_up(struct error *error)
{
    struct ifreq request = {.ifr_name = "lo"};
    cleanup_close int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    if (fd < 0 || ioctl(fd, SIOCGIFFLAGS, &request) < 0)
        return error_errno(error, errno, "the loopback interface");
    request.ifr_flags |= IFF_UP;
    if (ioctl(fd, SIOCSIFFLAGS, &request) < 0)
        return error_errno(error, errno, "the loopback interface");
    return 0;
}
