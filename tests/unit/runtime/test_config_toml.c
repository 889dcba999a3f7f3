/* The operator's configuration with the keys of the urunc in Go. */
#include "formats/base/cleanup.h"
#include "formats/base/error.h"
#include "runtime/config/config.h"
#include "tests/unit/fixtures/temporary.h"

static int load(void **state, const char *text, struct config *config, struct error *error)
{
    struct temporary *temporary = *state;
    char path[300];
    temporary_write_text(temporary, "config.toml", text);
    snprintf(path, sizeof path, "%s/config.toml", temporary->path);
    return config_load(path, config, error);
}

static void assert_refused(void **state, const char *text, const char *expected)
{
    struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state, text, &config, &error), -1);
    if (strstr(error.message, expected) == NULL)
        fail_msg("%s\ndoes not hold: %s", error.message, expected);
}

static void the_keys_of_the_other_urunc_are_taken(void **state)
{
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state,
                          "[log]\nlevel = \"info\"\nsyslog = false\n"
                          "[timestamps]\nenabled = false\ndestination = \"/tmp/t\"\n"
                          "[monitors.qemu]\ndefault_memory_mb = 512\ndefault_vcpus = 2\n"
                          "path = \"/opt/qemu\"\ndata_path = \"/usr/share\"\nvhost = true\n"
                          "[monitors.firecracker]\nbinary_path = \"/opt/fc\"\nsocket_path = \"/run/s\"\n"
                          "[extra_binaries.virtiofsd]\npath = \"/v\"\noptions = \"--sandbox none\"\n",
                          &config, &error),
                     0);
    const struct monitor_config *qemu = &config.monitors[HYPERVISOR_QEMU];
    assert_int_equal(qemu->memory, 512 << 20);
    assert_int_equal(qemu->vcpus, 2);
    assert_true(qemu->vhost);
    assert_string_equal(qemu->path, "/opt/qemu");
    assert_string_equal(config.monitors[HYPERVISOR_FIRECRACKER].path, "/opt/fc");
    assert_string_equal(config.virtiofsd, "/v");
}

static void zero_and_empty_mean_the_default(void **state)
{
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(
        load(state, "[monitors.qemu]\ndefault_memory_mb=0\ndefault_vcpus=0\npath=\"\"", &config, &error), 0);
    assert_int_equal(config.monitors[HYPERVISOR_QEMU].memory, 256 << 20);
    assert_int_equal(config.monitors[HYPERVISOR_QEMU].vcpus, 1);
    assert_null(config.monitors[HYPERVISOR_QEMU].path);
}

static void our_own_keys_are_taken_too(void **state)
{
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state,
                          "fallback_runtime = \"/usr/bin/crun\"\noverrides = [\"cmdline\"]\n"
                          "monitors = {qemu = {acceleration = \"tcg\"}}\n",
                          &config, &error),
                     0);
    assert_string_equal(config.fallback_runtime, "/usr/bin/crun");
    assert_int_equal(config.overrides, 1U << ANNOTATION_CMDLINE);
    assert_int_equal(config.monitors[HYPERVISOR_QEMU].acceleration, ACCELERATION_TCG);
}

static void what_has_no_effect_is_kept_for_the_log(void **state)
{
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state, "[runtime]\nlibcontainer = true\n", &config, &error), 0);
    assert_int_equal(config.ignored.count, 1);
    assert_non_null(strstr(config.ignored.items[0], "config.toml: runtime.libcontainer has no effect: "));
}

static void what_is_wrong_is_named(void **state)
{
    assert_refused(state, "[monitors.qemu]\ndefault_vcpus = -1\n",
                   "config.toml:2: monitors.qemu.default_vcpus: monitors: qemu.vcpus: -1 is not between");
    assert_refused(state, "\n[monitors.xen]\nvcpus = 1", "config.toml:3: monitors: xen: unknown monitor");
    assert_refused(state, "[log]\ncolour = 1", "config.toml:2: log: unknown key");
    assert_refused(state, "[monitors.hvt]\nvhost = true", "only QEMU can use vhost-net: remove it");
    assert_refused(state, "[runtime]\nvAccel = true", "runtime.vAccel: vAccel is not supported: remove it");
    assert_refused(state, "monitors = 1", "config.toml:1: monitors: not an object");
    assert_refused(state, "[monitors]\nqemu = 1", "qemu: not an object");
}

/* The value and the origin of a key, as config_describe has them. */
static const char *described(const json_t *list, const char *key, char **value)
{
    size_t i;
    json_t *setting;
    json_array_foreach (list, i, setting)
        if (strcmp(json_string_value(json_object_get(setting, "key")), key) == 0) {
            *value = json_dumps(json_object_get(setting, "value"), JSON_ENCODE_ANY);
            return json_string_value(json_object_get(setting, "origin"));
        }
    fail_msg("no setting %s", key);
    return NULL;
}

static void every_setting_says_where_it_came_from(void **state)
{
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state, "[monitors.qemu]\ndefault_memory_mb = 64\n", &config, &error), 0);
    cleanup_json json_t *list = config_describe(&config);
    cleanup_free char *memory = NULL, *vcpus = NULL, *overrides = NULL;
    assert_non_null(strstr(described(list, "monitors.qemu.memory_mib", &memory), "/config.toml"));
    assert_string_equal(memory, "64");
    assert_string_equal(described(list, "monitors.hvt.vcpus", &vcpus), "default");
    assert_string_equal(vcpus, "1");
    described(list, "overrides", &overrides);
    assert_string_equal(overrides, "[\"cmdline\", \"blkMntPoint\", \"mountRootfs\"]");
}

static void the_environment_names_the_file(void **state)
{
    struct temporary *temporary = *state;
    char path[300];
    temporary_write_text(temporary, "other.toml", "fallback_runtime = \"/x\"");
    snprintf(path, sizeof path, "%s/other.toml", temporary->path);
    setenv(CONFIG_PATH_VARIABLE, path, 1);
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    int status = config_load(NULL, &config, &error);
    unsetenv(CONFIG_PATH_VARIABLE);
    assert_int_equal(status, 0);
    assert_string_equal(config.fallback_runtime, "/x");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(the_keys_of_the_other_urunc_are_taken),
        with_temporary(zero_and_empty_mean_the_default),
        with_temporary(our_own_keys_are_taken_too),
        with_temporary(what_has_no_effect_is_kept_for_the_log),
        with_temporary(what_is_wrong_is_named),
        with_temporary(every_setting_says_where_it_came_from),
        with_temporary(the_environment_names_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
