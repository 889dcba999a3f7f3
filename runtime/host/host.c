#include "runtime/host/host.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/pairs.h"
#include "formats/oci/platform.h"
#include "runtime/host/engines.h"
#include "runtime/host/environment.h"
#include "runtime/host/usable.h"
#include "runtime/monitors/kvm.h"
#include "runtime/monitors/monitor.h"
#include "runtime/monitors/version.h"
#include "runtime/process/guest/virtiofsd.h"

#define TUN_DEVICE "/dev/net/tun"

/* ---- devices ---- */

/* True if the opened device is what its name says. */
typedef bool device_test(int fd);

static bool is_kvm(int fd)
{
    return ioctl(fd, KVM_GET_API_VERSION, 0) == KVM_API_VERSION;
}

static bool is_tun(int fd)
{
    unsigned features = 0;
    return ioctl(fd, TUNGETFEATURES, &features) == 0 && (features & IFF_TAP) != 0;
}

/* Devices that are asked for, and what to do where one is missing, or closed to this user. */
static const struct device {
    const char *path;
    device_test *test;
    const char *when_missing;
    const char *when_closed;
} devices[] = {
    {KVM_DEVICE, is_kvm, "enable virtualization in the firmware and load the module kvm_intel or kvm_amd",
     "add the user to the group of /dev/kvm"},
    {TUN_DEVICE, is_tun, "load the module tun; without it guests have no network",
     "run as root; without it guests have no network"},
};

enum { DEVICE_COUNT = sizeof devices / sizeof *devices };

static int check_device(const struct device *device, struct error *error)
{
    cleanup_close int fd = open(device->path, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        const char *advice = errno == EACCES || errno == EPERM ? device->when_closed : device->when_missing;
        error_errno(error, errno, "%s", device->path);
        cleanup_free char *reason = xstrdup(error->message);
        return error_set(error, "%s: %s", reason, advice);
    }
    if (!device->test(fd))
        return error_set(error, "%s: not the device that its name says", device->path);
    return 0;
}

/* ---- the document ---- */

static const char *problem_of(const json_t *object)
{
    return json_string_value(json_object_get(object, "problem"));
}

/* What is wrong with a device that can be used all the same. */
static void add_warning(json_t *object, const struct device *device, const char *root)
{
    cleanup_error struct error warning = {0};
    if (device->test == is_kvm && problem_of(object) == NULL && kvm_find(root, &warning) < 0)
        json_object_set_new(object, "warning", json_string(warning.message));
}

static json_t *describe_devices(const char *root)
{
    json_t *list = json_array();
    for (size_t i = 0; i < DEVICE_COUNT; i++) {
        cleanup_error struct error problem = {0};
        check_device(&devices[i], &problem);
        json_t *object = json_pack("{s:s}", "path", devices[i].path);
        set_usable(object, &problem);
        add_warning(object, &devices[i], root);
        json_array_append_new(list, object);
    }
    return list;
}

/* The problem of a device in the list, or NULL. */
static const char *device_problem(const json_t *list, const char *path)
{
    size_t i;
    json_t *device;
    json_array_foreach (list, i, device)
        if (strcmp(json_string_value(json_object_get(device, "path")), path) == 0)
            return problem_of(device);
    return NULL;
}

/* Checks that the host has the files and devices that the monitor opens. */
static int check_files(const struct monitor *monitor, const struct monitor_config *config,
                       const json_t *devices_found, struct error *error)
{
    cleanup_monitor_files struct monitor_files files = {0};
    if (monitor->files(config, &files, error) < 0)
        return -1;
    for (size_t i = 0; i < files.devices.count; i++) {
        const char *problem = device_problem(devices_found, files.devices.items[i]);
        if (problem != NULL)
            return error_set(error, "%s", problem);
    }
    return 0;
}

/* The version as a member, where the program tells one; an error where it is too old. */
static int check_version(json_t *object, const struct monitor *monitor, const char *program, const char *root,
                         struct error *error)
{
    struct version version = {0};
    if (version_find(program, root, &version, error) < 0)
        return -1;
    if (!version_is_known(&version))
        return 0;
    cleanup_free char *text = xasprintf("%u.%u.%u", version.major, version.minor, version.patch);
    json_object_set_new(object, "version", json_string(text));
    return monitor_check_version(monitor, program, &version, error);
}

static json_t *describe_monitor(enum hypervisor hypervisor, const struct config *config, const char *root,
                                const json_t *devices_found)
{
    cleanup_error struct error problem = {0};
    struct monitor_config chosen = config->monitors[hypervisor]; /* its texts stay the configuration's */
    const struct monitor_config *settings = &chosen;
    const struct monitor *monitor = monitor_choose(hypervisor, settings);
    json_t *object = json_pack("{s:s}", "name", hypervisor_name(hypervisor));
    if (monitor == NULL) {
        error_set(&problem, "not driven by this version of urunc");
    } else {
        monitor_settle_acceleration(monitor, root, &chosen);
        cleanup_free char *program = monitor_find_program(hypervisor, settings, &problem);
        if (program != NULL) {
            json_object_set_new(object, "program", json_string(program));
            json_object_set_new(object, "overheadMiB", json_integer((json_int_t)(settings->overhead >> 20)));
            json_object_set_new(object, "footprintMiB",
                                json_integer((json_int_t)(monitor_footprint(monitor, settings) >> 20)));
            if (check_version(object, monitor, program, root, &problem) == 0)
                check_files(monitor, settings, devices_found, &problem);
        }
    }
    set_usable(object, &problem);
    return object;
}

static json_t *describe_monitors(const struct config *config, const char *root, const json_t *devices_found)
{
    json_t *list = json_array();
    for (int i = 0; i < HYPERVISOR_COUNT; i++)
        json_array_append_new(list, describe_monitor((enum hypervisor)i, config, root, devices_found));
    return list;
}

static json_t *names_of(unsigned set, int count, const char *(*name)(int row))
{
    json_t *list = json_array();
    for (int row = 0; row < count; row++)
        if (set & (1U << row))
            json_array_append_new(list, json_string(name(row)));
    return list;
}

static const char *storage_row_name(int row)
{
    return storage_name((enum storage_row)row);
}

static const char *architecture_row_name(int row)
{
    return architecture_name((enum architecture_row)row);
}

static json_t *describe_pair(struct pair pair, const json_t *monitors)
{
    cleanup_error struct error problem = {0};
    const char *monitor = problem_of(json_array_get(monitors, pair.hypervisor));
    if (pair_check_drivers(pair, &problem) == 0 &&
        pair_check_architecture(pair, platform_host_architecture(), &problem) == 0 && monitor != NULL)
        error_set(&problem, "%s", monitor);
    json_t *object = json_pack("{s:s, s:s, s:o, s:b, s:o}", "framework", framework_name(pair.framework),
                               "hypervisor", hypervisor_name(pair.hypervisor), "storage",
                               names_of(pair_storage(pair), STORAGE_COUNT, storage_row_name), "network",
                               (int)pair_has_network(pair), "architectures",
                               names_of(pair_architectures(pair), ARCHITECTURE_COUNT, architecture_row_name));
    set_usable(object, &problem);
    return object;
}

/* Without it directories are shared with fewer guests, which is no problem of the host's. */
static json_t *describe_virtiofsd(const struct config *config, const char *root)
{
    cleanup_error struct error problem = {0};
    cleanup_free char *program = virtiofsd_find(config->virtiofsd);
    struct version version = {0};
    json_t *object = json_object();
    if (program != NULL) {
        json_object_set_new(object, "program", json_string(program));
        version_find(program, root, &version, &problem);
    } else if (config->virtiofsd != NULL) {
        error_set(&problem, "turned off by the configuration: directories go by 9p");
    } else {
        error_set(&problem, "not installed: directories go by 9p; " VIRTIOFSD_PACKAGE);
    }
    if (version_is_known(&version)) {
        cleanup_free char *text = xasprintf("%u.%u.%u", version.major, version.minor, version.patch);
        json_object_set_new(object, "version", json_string(text));
    }
    set_usable(object, &problem);
    return object;
}

static json_t *list_of(const struct strings *lines)
{
    json_t *list = json_array();
    for (size_t i = 0; i < lines->count; i++)
        json_array_append_new(list, json_string(lines->items[i]));
    return list;
}

json_t *host_describe(const struct config *config, const char *root)
{
    json_t *devices_found = describe_devices(root);
    json_t *monitors = describe_monitors(config, root, devices_found);
    json_t *pairs = json_array();
    bool usable = false;
    FOR_EACH_PAIR(pair)
    {
        json_t *object = describe_pair(pair, monitors);
        usable = usable || problem_of(object) == NULL;
        json_array_append_new(pairs, object);
    }
    return json_pack("{s:s, s:s, s:b, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "version", URUNC_VERSION,
                     "architecture", platform_host_architecture(), "usable", (int)usable, "devices",
                     devices_found, "monitors", monitors, "virtiofsd", describe_virtiofsd(config, root),
                     "pairs", pairs, "configuration", config_describe(config), "ignored",
                     list_of(&config->ignored), "cgroups", host_cgroups(), "userNamespaces",
                     host_user_namespaces(), "engines", host_engines(""));
}
