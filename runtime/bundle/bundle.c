#include "runtime/bundle/bundle.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "formats/base/beneath.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/base/memory.h"
#include "formats/base/open.h"
#include "runtime/bundle/hooks.h"
#include "runtime/bundle/mount_way.h"
#include "runtime/bundle/other_fields.h"

#define CONFIG_NAME  "config.json"
#define CONFIG_PLACE CONFIG_NAME ": "

enum {
    HOSTNAME_MAX = 64,
    RESOLV_CONF_MAX = 64 << 10, /* bytes */
};

static int read_config(struct bundle *bundle, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/" CONFIG_NAME, bundle->path);
    cleanup_buffer struct buffer text = {0};
    if (read_file(AT_FDCWD, path, BUNDLE_CONFIG_MAX, &text, error) < 0)
        return -1;
    bundle->config = parse_json(text.data, text.length, path, error);
    if (bundle->config == NULL)
        return -1;
    if (!json_is_object(bundle->config))
        return error_set(error, "%s: not a JSON object", path);
    return 0;
}

static int read_version(struct bundle *bundle, struct error *error)
{
    if (require_string(bundle->config, CONFIG_PLACE, "ociVersion", &bundle->oci_version, error) < 0)
        return -1;
    if (strncmp(bundle->oci_version, "1.", 2) != 0)
        return error_set(error, CONFIG_PLACE "ociVersion: \"%s\" is not 1.x", bundle->oci_version);
    return 0;
}

static int read_process(struct bundle *bundle, struct error *error)
{
    const json_t *process = NULL;
    if (read_object(bundle->config, CONFIG_PLACE, "process", &process, error) < 0)
        return -1;
    if (process == NULL)
        return error_set(error, CONFIG_PLACE "process: missing");
    return process_read(process, CONFIG_NAME, &bundle->process, error);
}

static int open_root(struct bundle *bundle, struct error *error)
{
    const json_t *root = NULL;
    const char *path = NULL;
    if (read_object(bundle->config, CONFIG_PLACE, "root", &root, error) < 0)
        return -1;
    if (root == NULL)
        return error_set(error, CONFIG_PLACE "root: missing");
    if (require_string(root, CONFIG_PLACE "root.", "path", &path, error) < 0)
        return -1;
    bundle->rootfs = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", bundle->path, path);
    bundle->rootfs_fd = open(bundle->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (bundle->rootfs_fd < 0)
        return error_errno(error, errno, CONFIG_PLACE "root.path: %s", bundle->rootfs);
    return 0;
}

static int read_host_name(struct bundle *bundle, const char *key, const char **out, struct error *error)
{
    if (read_string(bundle->config, CONFIG_PLACE, key, out, error) < 0)
        return -1;
    if (*out == NULL || **out == '\0') {
        *out = NULL;
        return 0;
    }
    if (strlen(*out) > HOSTNAME_MAX)
        return error_set(error, CONFIG_PLACE "%s: longer than %d bytes", key, HOSTNAME_MAX);
    if (!bundle->namespaces.wanted[NAMESPACE_UTS])
        return error_set(error, CONFIG_PLACE "%s: needs a uts namespace in linux.namespaces", key);
    return 0;
}

static int read_memory_limit(struct bundle *bundle, struct error *error)
{
    const json_t *memory = NULL;
    int64_t limit = 0;
    if (read_object(bundle->resources, CONFIG_PLACE "linux.resources.", "memory", &memory, error) < 0 ||
        read_integer(memory, CONFIG_PLACE "linux.resources.memory.", "limit", -1, INT64_MAX, &limit, error) <
            0)
        return -1;
    bundle->memory_limit = limit > 0 ? (uint64_t)limit : 0;
    return 0;
}

/* An interface would leave the host for nowhere. */
static int read_net_devices(const json_t *linux_object, struct bundle *bundle, struct error *error)
{
    const char *path = bundle->namespaces.path[NAMESPACE_NETWORK];
    if (net_devices_read(linux_object, CONFIG_NAME, &bundle->net_devices, error) < 0)
        return -1;
    if (bundle->net_devices.count == 0 ||
        (bundle->namespaces.wanted[NAMESPACE_NETWORK] && (path == NULL || !namespace_is_own(path, "net"))))
        return 0;
    return error_set(error,
                     CONFIG_PLACE "linux.netDevices: needs a network namespace of the container's own");
}

static int read_linux(struct bundle *bundle, struct error *error)
{
    const json_t *linux_object = NULL;
    static const char where[] = CONFIG_PLACE "linux.";
    if (read_object(bundle->config, CONFIG_PLACE, "linux", &linux_object, error) < 0 ||
        namespaces_read(linux_object, CONFIG_NAME, &bundle->namespaces, error) < 0 ||
        read_string(linux_object, where, "cgroupsPath", &bundle->cgroups_path, error) < 0 ||
        read_string(linux_object, where, "mountLabel", &bundle->mount_label, error) < 0 ||
        read_object(linux_object, where, "resources", &bundle->resources, error) < 0 ||
        read_object(linux_object, where, "seccomp", &bundle->seccomp, error) < 0 ||
        read_object(linux_object, where, "sysctl", &bundle->sysctl, error) < 0 ||
        memory_policy_read(linux_object, CONFIG_NAME, &bundle->process.scheduling, error) < 0 ||
        resctrl_read(linux_object, CONFIG_NAME, &bundle->resctrl, error) < 0 ||
        read_net_devices(linux_object, bundle, error) < 0)
        return -1;
    if (bundle->mount_label != NULL && *bundle->mount_label == '\0')
        bundle->mount_label = NULL;
    return read_memory_limit(bundle, error);
}

static int check_annotations(const struct bundle *bundle, struct error *error)
{
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)bundle->annotations, key, value) {
        if (!json_is_string(value))
            return error_set(error, CONFIG_PLACE "annotations.%s: not a string", key);
    }
    return 0;
}

int bundle_open(const char *directory, struct bundle *bundle, struct error *error)
{
    *bundle = BUNDLE_NONE;
    bundle->path = realpath(directory, NULL);
    if (bundle->path == NULL)
        return error_errno(error, errno, "bundle %s", directory);
    if (read_config(bundle, error) == 0 && open_root(bundle, error) == 0 &&
        read_object(bundle->config, CONFIG_PLACE, "annotations", &bundle->annotations, error) == 0)
        return 0;
    bundle_free(bundle);
    return -1;
}

/* The path stands in the container's state, which is JSON. */
static int check_path(const struct bundle *bundle, struct error *error)
{
    cleanup_json json_t *name = json_string(bundle->path);
    return name != NULL ? 0 : error_set(error, "bundle %s: the path is not UTF-8", bundle->path);
}

/* "/run/podman-init -- PROGRAM ..." is PROGRAM: a guest has an init of its own, or needs none. */
static void drop_engine_init(struct bundle *bundle)
{
    struct strings *args = &bundle->process.args;
    if (args->count < 2 || strcmp(args->items[1], "--") != 0)
        return;
    const struct bundle_mount *mount = bundle_mounts_find(&bundle->mounts, args->items[0]);
    if (mount == NULL || !mount_is_engine_init(mount))
        return;
    struct strings rest = {0};
    for (size_t i = 2; i < args->count; i++)
        strings_add(&rest, args->items[i]);
    strings_free(args);
    *args = rest;
}

int bundle_read(struct bundle *bundle, struct error *error)
{
    const json_t *root = json_object_get(bundle->config, "root");
    if (check_path(bundle, error) < 0 || read_version(bundle, error) < 0 || read_process(bundle, error) < 0 ||
        read_bool(root, CONFIG_PLACE "root.", "readonly", &bundle->rootfs_readonly, error) < 0 ||
        read_linux(bundle, error) < 0 || check_annotations(bundle, error) < 0 ||
        read_host_name(bundle, "hostname", &bundle->hostname, error) < 0 ||
        read_host_name(bundle, "domainname", &bundle->domainname, error) < 0 ||
        read_object(bundle->config, CONFIG_PLACE, "hooks", &bundle->hooks, error) < 0 ||
        bundle_mounts_read(bundle->config, bundle->path, CONFIG_NAME, &bundle->mounts, error) < 0 ||
        bundle_mounts_open(&bundle->mounts, error) < 0)
        return -1;
    drop_engine_init(bundle);
    if (hooks_check(bundle->hooks, CONFIG_NAME, error) < 0)
        return -1;
    if (other_fields_check(bundle->config, CONFIG_NAME, error) < 0)
        return -1;
    const json_t *linux_object = json_object_get(bundle->config, "linux");
    block_devices_read(json_object_get(linux_object, "devices"),
                       json_object_get(bundle->resources, "devices"), &bundle->block_devices);
    return 0;
}

void bundle_free(struct bundle *bundle)
{
    if (bundle->rootfs_fd >= 0)
        close(bundle->rootfs_fd);
    free(bundle->path);
    free(bundle->rootfs);
    process_free(&bundle->process);
    namespaces_free(&bundle->namespaces);
    bundle_mounts_free(&bundle->mounts);
    block_devices_free(&bundle->block_devices);
    net_devices_free(&bundle->net_devices);
    resctrl_request_free(&bundle->resctrl);
    json_decref(bundle->config);
    *bundle = BUNDLE_NONE;
}

/* The engine's file that is mounted at /etc/resolv.conf, or -1. */
static int open_mounted_resolv_conf(const struct bundle *bundle)
{
    const struct bundle_mount *mount = bundle_mounts_find(&bundle->mounts, "/etc/resolv.conf");
    if (mount == NULL || mount->fd < 0 || !S_ISREG(mount->status.st_mode))
        return -1;
    return reopen_descriptor(mount->fd, O_RDONLY);
}

char *bundle_resolv_conf(const struct bundle *bundle)
{
    cleanup_error struct error ignored = {0};
    cleanup_buffer struct buffer text = {0};
    cleanup_close int fd = open_mounted_resolv_conf(bundle);
    if (fd < 0)
        fd = beneath_open_file(bundle->rootfs_fd, "/etc/resolv.conf", O_RDONLY, BENEATH_IN_ROOT, &ignored);
    if (fd < 0 || read_all(fd, RESOLV_CONF_MAX, &text, "resolv.conf", &ignored) < 0)
        return NULL;
    return buffer_take(&text);
}
