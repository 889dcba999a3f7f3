/* The document of runtime-spec, features.md. */
#include <stdio.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "formats/contract/pairs.h"
#include "runtime/bundle/hooks.h"
#include "runtime/commands/command.h"
#include "runtime/sandbox/namespaces/namespaces.h"
#include "runtime/sandbox/privileges/capabilities.h"
#include "runtime/sandbox/privileges/seccomp.h"

enum { CAPABILITY_NUMBERS = 64 };

static json_t *list_hooks(void)
{
    json_t *array = json_array();
    for (int point = 0; point < HOOK_POINT_COUNT; point++)
        json_array_append_new(array, json_string(hook_names[point]));
    return array;
}

static json_t *list_namespaces(void)
{
    json_t *array = json_array();
    for (int kind = 0; kind < NAMESPACE_COUNT; kind++)
        json_array_append_new(array, json_string(namespace_types[kind].name));
    return array;
}

static json_t *list_capabilities(void)
{
    json_t *array = json_array();
    for (int number = 0; number < CAPABILITY_NUMBERS; number++) {
        cleanup_free char *name = capability_name(number);
        if (name != NULL)
            json_array_append_new(array, json_string(name));
    }
    return array;
}

static json_t *list_names(const struct seccomp_name *names)
{
    json_t *array = json_array();
    for (; names->name != NULL; names++)
        json_array_append_new(array, json_string(names->name));
    return array;
}

static json_t *describe_seccomp(void)
{
    json_t *known_flags = list_names(seccomp_flags);
    json_array_append_new(known_flags, json_string(SECCOMP_LISTENER_FLAG));
    return json_pack("{s:b, s:o, s:o, s:o, s:o, s:o}", "enabled", 1, "actions", list_names(seccomp_actions),
                     "operators", list_names(seccomp_operators), "archs", list_names(seccomp_architectures),
                     "knownFlags", known_flags, "supportedFlags", list_names(seccomp_flags));
}

static json_t *describe_linux(void)
{
    bool apparmor = access("/sys/module/apparmor", F_OK) == 0;
    bool selinux = access("/sys/fs/selinux/enforce", F_OK) == 0;
    json_t *cgroup =
        json_pack("{s:b, s:b, s:b, s:b, s:b}", "v1", 1, "v2", 1, "systemd", 1, "systemdUser", 1, "rdma", 0);
    return json_pack("{s:o, s:o, s:o, s:o, s:{s:b}, s:{s:b}, s:{s:b,s:b,s:b}, s:{s:{s:b}}, s:{s:b}}",
                     "namespaces", list_namespaces(), "capabilities", list_capabilities(), "cgroup", cgroup,
                     "seccomp", describe_seccomp(), "apparmor", "enabled", (int)apparmor, "selinux",
                     "enabled", (int)selinux, "intelRdt", "enabled", 1, "schemata", 1, "monitoring", 1,
                     "mountExtensions", "idmap", "enabled", 0, "netDevices", "enabled", 1);
}

/* "linux/qemu/initrd+block/network/amd64+arm64" for each pair that this version boots. */
static char *describe_pairs(void)
{
    cleanup_buffer struct buffer text = {0};
    FOR_EACH_PAIR(pair)
    {
        cleanup_error struct error missing = {0};
        if (pair_check_drivers(pair, &missing) < 0)
            continue;
        cleanup_free char *storage = storage_names(pair_storage(pair), "+");
        cleanup_free char *architectures = architecture_names(pair_architectures(pair), "+");
        buffer_format(&text, "%s%s/%s/%s/%s/%s", text.length > 0 ? "," : "", framework_name(pair.framework),
                      hypervisor_name(pair.hypervisor), storage, pair_has_network(pair) ? "network" : "",
                      architectures);
    }
    return buffer_take(&text);
}

/* The frameworks and monitors of this version, and the pairs of them, as "com.urunc.features.*". */
static json_t *describe_ours(void)
{
    cleanup_buffer struct buffer frameworks_text = {0}, monitors_text = {0};
    for (int i = 0; i < FRAMEWORK_COUNT; i++)
        if (framework_is_booted((enum framework)i))
            buffer_format(&frameworks_text, "%s%s", frameworks_text.length > 0 ? "," : "",
                          framework_name((enum framework)i));
    for (int i = 0; i < HYPERVISOR_COUNT; i++)
        if (hypervisor_is_driven((enum hypervisor)i))
            buffer_format(&monitors_text, "%s%s", monitors_text.length > 0 ? "," : "",
                          hypervisor_name((enum hypervisor)i));
    cleanup_free char *pairs = describe_pairs();
    return json_pack("{s:s, s:s, s:s, s:s}", "com.urunc.features.version", URUNC_VERSION,
                     "com.urunc.features.frameworks", frameworks_text.data, "com.urunc.features.monitors",
                     monitors_text.data, "com.urunc.features.pairs", pairs);
}

static json_t *list_unsafe_annotations(void)
{
    json_t *array = json_array();
    json_array_append_new(array, json_string(ANNOTATION_PREFIX));
    return array;
}

int command_features(const struct command *command, const struct invocation *invocation, struct error *error)
{
    static const struct option_spec specs[] = {OPTIONS_END};
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 0, 0, &operands, error);
    if (parsed <= 0)
        return parsed;
    cleanup_json json_t *features =
        json_pack("{s:s, s:s, s:o, s:[], s:o, s:o, s:o}", "ociVersionMin", "1.0.0", "ociVersionMax", "1.3.0",
                  "hooks", list_hooks(), "mountOptions", "linux", describe_linux(), "annotations",
                  describe_ours(), "potentiallyUnsafeConfigAnnotations", list_unsafe_annotations());
    cleanup_free char *text = json_dumps(features, JSON_INDENT(2));
    if (text == NULL)
        return error_set(error, "features: cannot be encoded");
    printf("%s\n", text);
    return 0;
}
