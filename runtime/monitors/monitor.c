#include "runtime/monitors/monitor.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/path.h"
#include "formats/base/programs.h"
#include "runtime/monitors/kvm.h"
#include "runtime/sandbox/root/private_root.h"

#define MONITOR_ENTRY(enumeration, identifier, ...) [HYPERVISOR_##enumeration] = &monitor_##identifier,
#define MONITOR_NONE(...)

static const struct monitor *const monitors[HYPERVISOR_COUNT] = {HYPERVISORS(MONITOR_ENTRY, MONITOR_NONE)};

const struct monitor *monitor_find(enum hypervisor hypervisor)
{
    return monitors[hypervisor];
}

/* By its name: the file may be one that is not installed. */
static bool is_program_of(const struct monitor *monitor, const char *path)
{
    return strcmp(path_base(path), monitor->program) == 0;
}

const struct monitor *monitor_choose(enum hypervisor hypervisor, const struct monitor_config *config)
{
    const struct monitor *monitor = monitor_find(hypervisor);
    if (monitor == NULL || monitor->builtin == NULL)
        return monitor;
    if (config->path != NULL)
        return strcmp(config->path, MONITOR_BUILTIN) == 0 || is_program_of(monitor->builtin, config->path)
                   ? monitor->builtin
                   : monitor;
    cleanup_free char *installed = program_find(monitor->program, NULL);
    return installed != NULL ? monitor : monitor->builtin;
}

static char *builtin_program(const struct monitor *monitor, struct error *error)
{
    cleanup_free char *path = xasprintf("%s/%s", URUNC_LIBRARY_DIRECTORY, monitor->program);
    if (access(path, X_OK) == 0)
        return take_pointer(path);
    error_errno(error, errno, "%s, which comes with urunc", path);
    return NULL;
}

static char *configured_program(enum hypervisor hypervisor, const char *path, struct error *error)
{
    if (access(path, X_OK) == 0)
        return xstrdup(path);
    error_errno(error, errno, "urunc's configuration: monitors.%s.path: %s", hypervisor_name(hypervisor),
                path);
    return NULL;
}

char *monitor_find_program(enum hypervisor hypervisor, const struct monitor_config *config,
                           struct error *error)
{
    const struct monitor *monitor = monitor_choose(hypervisor, config);
    bool builtin = monitor != monitor_find(hypervisor);
    if (builtin && (config->path == NULL || strcmp(config->path, MONITOR_BUILTIN) == 0))
        return builtin_program(monitor, error);
    if (config->path != NULL)
        return configured_program(hypervisor, config->path, error);
    char *program = program_find(monitor->program, NULL);
    if (program == NULL)
        error_set(error, "the monitor %s (%s) is not installed%s%s", hypervisor_name(hypervisor),
                  monitor->program, monitor->package != NULL ? ": " : "",
                  monitor->package != NULL ? monitor->package : "");
    return program;
}

int monitor_check_version(const struct monitor *monitor, const char *program, const struct version *version,
                          struct error *error)
{
    const struct version *oldest = &monitor->oldest;
    if (!version_is_known(version) || version_at_least(version, oldest->major, oldest->minor))
        return 0;
    return error_set(error, "%s is version %u.%u.%u, and urunc needs %u.%u or a newer one", program,
                     version->major, version->minor, version->patch, oldest->major, oldest->minor);
}

void monitor_files_free(struct monitor_files *files)
{
    strings_free(&files->data);
    strings_free(&files->modules);
    strings_free(&files->devices);
}

const char *monitor_generate(struct monitor_command *command, const char *name, const void *bytes,
                             size_t length)
{
    command->generated =
        xreallocarray(command->generated, command->generated_count + 1, sizeof *command->generated);
    struct monitor_generated *file = &command->generated[command->generated_count++];
    *file = (struct monitor_generated){
        .path = xasprintf("%s/%s", PRIVATE_ROOT_GENERATED, name),
        .bytes = xmemdup(bytes, length),
        .length = length,
    };
    return file->path;
}

void monitor_command_free(struct monitor_command *command)
{
    for (size_t i = 0; i < command->generated_count; i++) {
        free(command->generated[i].path);
        free(command->generated[i].bytes);
    }
    free(command->generated);
    strings_free(&command->argv);
    *command = (struct monitor_command){0};
}

static bool has_acceleration(const struct monitor *monitor)
{
    for (const struct monitor_setting *setting = monitor->settings; setting != NULL && setting->key != NULL;
         setting++)
        if (setting->type == SETTING_ACCELERATION)
            return true;
    return false;
}

void monitor_settle_acceleration(const struct monitor *monitor, const char *directory,
                                 struct monitor_config *config)
{
    cleanup_error struct error problem = {0};
    if (config->acceleration != ACCELERATION_AUTO || !has_acceleration(monitor))
        return;
    config->acceleration = kvm_find(directory, &problem) == 0 ? ACCELERATION_KVM : ACCELERATION_TCG;
}

uint64_t monitor_footprint(const struct monitor *monitor, const struct monitor_config *config)
{
    bool emulates = monitor->footprint_emulated != 0 && config->acceleration == ACCELERATION_TCG;
    uint64_t measured = (uint64_t)(emulates ? monitor->footprint_emulated : monitor->footprint) << 20;
    return measured != 0 && measured < config->overhead ? measured : config->overhead;
}
