/* Whether this host can boot a unikernel, and what is missing where it cannot. */
#include <stdio.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "runtime/commands/command.h"
#include "runtime/host/bundle_check.h"
#include "runtime/host/host.h"

enum { NOTHING_USABLE = 1 }; /* exit status */

/* The text of a member; "" where it is missing. It may hold what a monitor printed or a path. */
static char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text_printable(text != NULL ? text : "");
}

static void print_problem(const json_t *object)
{
    cleanup_free char *problem = text_of(object, "problem");
    printf("%s\n", problem);
}

static bool is_usable(const json_t *object)
{
    return json_is_true(json_object_get(object, "usable"));
}

static void print_devices(const json_t *devices)
{
    size_t i;
    json_t *device;
    printf("\nDevices:\n");
    json_array_foreach (devices, i, device) {
        cleanup_free char *path = text_of(device, "path");
        printf("  %-18s", path);
        cleanup_free char *warning = text_of(device, "warning");
        if (is_usable(device))
            printf("usable%s%s\n", *warning != '\0' ? ", but: " : "", warning);
        else
            print_problem(device);
    }
}

static void print_words(const json_t *words, const char *none)
{
    size_t i;
    json_t *word;
    json_array_foreach (words, i, word)
        printf("%s%s", i > 0 ? ", " : "", json_string_value(word));
    if (json_array_size(words) == 0)
        printf("%s", none);
}

/* "2 (memory, cpu)"; what is wrong, where something is. */
static void print_environment(const json_t *host)
{
    const json_t *cgroups = json_object_get(host, "cgroups");
    const json_t *namespaces = json_object_get(host, "userNamespaces");
    cleanup_free char *version = text_of(cgroups, "version");
    printf("\nKernel:\n  %-18s%s (", "cgroups", version);
    print_words(json_object_get(cgroups, "controllers"), "no controllers");
    printf(")%s", is_usable(cgroups) ? "\n" : ": ");
    if (!is_usable(cgroups))
        print_problem(cgroups);
    printf("  %-18s%s", "user namespaces", is_usable(namespaces) ? "usable\n" : "");
    if (!is_usable(namespaces))
        print_problem(namespaces);
}

static void print_engines(const json_t *engines)
{
    size_t i;
    json_t *engine;
    if (json_array_size(engines) > 0)
        printf("\nEngines:\n");
    json_array_foreach (engines, i, engine) {
        cleanup_free char *name = text_of(engine, "name");
        cleanup_free char *runtime = text_of(engine, "runtime");
        cleanup_free char *file = text_of(engine, "file");
        printf("  %-18s", name);
        if (is_usable(engine))
            printf("runtime %s (%s)\n", runtime, file);
        else
            print_problem(engine);
    }
}

/* docs/memory.md */
static void print_memory(const json_t *monitor)
{
    if (json_object_get(monitor, "overheadMiB") != NULL)
        printf("  %-18smemory beside the guest: %lld MiB at the least, up to %lld\n", "",
               (long long)json_integer_value(json_object_get(monitor, "footprintMiB")),
               (long long)json_integer_value(json_object_get(monitor, "overheadMiB")));
}

static void print_program(const char *name, const json_t *object)
{
    cleanup_free char *program = text_of(object, "program");
    cleanup_free char *version = text_of(object, "version");
    printf("  %-18s", name);
    if (*program != '\0')
        printf("%s%s%s%s", program, *version != '\0' ? " " : "", version, is_usable(object) ? "\n" : ": ");
    if (!is_usable(object))
        print_problem(object);
}

static void print_monitors(const json_t *monitors)
{
    size_t i;
    json_t *monitor;
    printf("\nMonitors:\n");
    json_array_foreach (monitors, i, monitor) {
        cleanup_free char *name = text_of(monitor, "name");
        print_program(name, monitor);
        print_memory(monitor);
    }
}

static void print_pair(const json_t *pair)
{
    cleanup_free char *framework = text_of(pair, "framework");
    cleanup_free char *hypervisor = text_of(pair, "hypervisor");
    printf("  %-10s on %-18s", framework, hypervisor);
    if (!is_usable(pair)) {
        print_problem(pair);
        return;
    }
    print_words(json_object_get(pair, "storage"), "no storage");
    printf("%s\n", json_is_true(json_object_get(pair, "network")) ? "; network" : "");
}

static void print_usable_pairs(const json_t *pairs)
{
    size_t i, found = 0;
    json_t *pair;
    printf("\nPairs that can run here:\n");
    json_array_foreach (pairs, i, pair)
        if (is_usable(pair)) {
            print_pair(pair);
            found++;
        }
    if (found == 0)
        printf("  none: see what the monitors lack\n");
}

static bool has_usable_monitor(const json_t *pair, const json_t *monitors)
{
    size_t i;
    json_t *monitor;
    json_array_foreach (monitors, i, monitor)
        if (json_equal(json_object_get(monitor, "name"), json_object_get(pair, "hypervisor")))
            return is_usable(monitor);
    return false;
}

/* What is missing of a monitor has been said. */
static void print_other_pairs(const json_t *pairs, const json_t *monitors)
{
    size_t i;
    json_t *pair;
    bool has_title = false;
    json_array_foreach (pairs, i, pair) {
        if (is_usable(pair) || !has_usable_monitor(pair, monitors))
            continue;
        printf("%s", has_title ? "" : "\nPairs that cannot, whose monitor is here:\n");
        has_title = true;
        print_pair(pair);
    }
}

/* What somebody has set; the rest is in the manual. */
static void print_configuration(const json_t *settings, const json_t *ignored)
{
    size_t i;
    json_t *setting, *line;
    bool has_title = false;
    json_array_foreach (settings, i, setting) {
        cleanup_free char *key = text_of(setting, "key");
        cleanup_free char *origin = text_of(setting, "origin");
        if (strcmp(origin, "default") == 0)
            continue;
        cleanup_free char *value = json_dumps(json_object_get(setting, "value"), JSON_ENCODE_ANY);
        cleanup_free char *printable = text_printable(value);
        printf("%s  %s = %s (%s)\n", has_title ? "" : "\nConfiguration:\n", key, printable, origin);
        has_title = true;
    }
    json_array_foreach (ignored, i, line) {
        cleanup_free char *printable = text_printable(json_string_value(line));
        printf("%s  %s\n", has_title ? "" : "\nConfiguration:\n", printable);
        has_title = true;
    }
}

static void print_bundle(const json_t *bundle)
{
    cleanup_free char *path = text_of(bundle, "bundle");
    cleanup_free char *framework = text_of(bundle, "framework");
    cleanup_free char *hypervisor = text_of(bundle, "hypervisor");
    printf("\nBundle %s:\n  ", path);
    if (*framework != '\0')
        printf("%-10s on %-18s", framework, hypervisor);
    if (is_usable(bundle))
        printf("can run\n");
    else
        print_problem(bundle);
    const json_t *alternatives = json_object_get(bundle, "alternatives");
    if (json_array_size(alternatives) == 0)
        return;
    printf("  with a kernel for it also on: ");
    print_words(alternatives, "");
    printf("\n");
}

static void print_text(const json_t *host)
{
    cleanup_free char *version = text_of(host, "version");
    cleanup_free char *architecture = text_of(host, "architecture");
    const json_t *pairs = json_object_get(host, "pairs");
    const json_t *monitors = json_object_get(host, "monitors");
    printf("urunc %s on %s: %s\n", version, architecture,
           is_usable(host) ? "can boot unikernels" : "can boot nothing");
    print_devices(json_object_get(host, "devices"));
    print_environment(host);
    print_engines(json_object_get(host, "engines"));
    print_monitors(monitors);
    printf("\nDirectories of the host:\n");
    print_program("virtiofsd", json_object_get(host, "virtiofsd"));
    print_usable_pairs(pairs);
    print_other_pairs(pairs, monitors);
    print_configuration(json_object_get(host, "configuration"), json_object_get(host, "ignored"));
    if (json_object_get(host, "bundle") != NULL)
        print_bundle(json_object_get(host, "bundle"));
}

int command_check(const struct command *command, const struct invocation *invocation, struct error *error)
{
    bool as_json = false;
    const char *bundle = NULL;
    const struct option_spec specs[] = {
        OPTION_FLAG("json", 0, "print one JSON document", &as_json),
        OPTION_VALUE("bundle", 'b', "DIR", "say what the unikernel of this bundle could run on", &bundle),
        OPTIONS_END,
    };
    cleanup_operands struct operands operands = {0};
    int parsed = command_parse(command, invocation, specs, 0, 0, &operands, error);
    if (parsed <= 0)
        return parsed;
    cleanup_config struct config config = {0};
    if (config_load(invocation->runtime.config_path, &config, error) < 0)
        return -1;
    cleanup_json json_t *host = host_describe(&config, invocation->runtime.root);
    if (bundle != NULL)
        json_object_set_new(host, "bundle",
                            host_check_bundle(bundle, &config, json_object_get(host, "pairs")));
    if (as_json) {
        cleanup_free char *text = json_dumps(host, JSON_INDENT(2));
        if (text == NULL)
            return error_set(error, "check: cannot be encoded");
        printf("%s\n", text);
    } else {
        print_text(host);
    }
    bool bundle_runs = bundle == NULL || is_usable(json_object_get(host, "bundle"));
    return is_usable(host) && bundle_runs ? 0 : NOTHING_USABLE;
}
