/* The operator's configuration file. */
#include "runtime/config/config.h"

#include "formats/base/error.h"
#include "tests/unit/fixtures/temporary.h"

static int load(void **state, const char *text, struct config *config, struct error *error)
{
    struct temporary *temporary = *state;
    char path[300];
    temporary_write_text(temporary, "config.json", text);
    snprintf(path, sizeof path, "%s/config.json", temporary->path);
    return config_load(path, config, error);
}

static void assert_refused(void **state, const char *text, const char *expected)
{
    struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state, text, &config, &error), -1);
    assert_non_null(strstr(error.message, "config.json"));
    assert_non_null(strstr(error.message, expected));
}

static void defaults_apply_where_nothing_is_said(void **state)
{
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state, "{}", &config, &error), 0);
    const struct monitor_config *qemu = &config.monitors[HYPERVISOR_QEMU];
    assert_null(qemu->path);
    assert_int_equal(qemu->memory, 256 << 20);
    assert_true(qemu->overhead > 0);
    assert_int_equal(qemu->vcpus, 1);
    assert_int_equal(qemu->acceleration, ACCELERATION_AUTO);
    assert_null(config.fallback_runtime);
    assert_int_equal(config.overrides, OVERRIDES_DEFAULT);
}

static void overrides_are_the_contracts_keys(void **state)
{
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(load(state, "{\"overrides\":[\"initrd\"]}", &config, &error), 0);
    assert_int_equal(config.overrides, 1U << ANNOTATION_INITRD);
    assert_refused(state, "{\"overrides\":[\"kernel\"]}", "overrides: \"kernel\": must be one of: ");
}

static void every_setting_is_read(void **state)
{
    cleanup_config struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(
        load(state,
             "{\"fallback_runtime\":\"/usr/bin/crun\",\"monitors\":{\"qemu\":{\"path\":\"/opt/q\","
             "\"memory_mib\":64,\"overhead_mib\":0,\"vcpus\":2,\"acceleration\":\"tcg\","
             "\"machine\":\"pc\",\"machine_options\":\"hpet=off,smm=off\","
             "\"cpu\":\"host,arch-capabilities=off,+x2apic\",\"queues\":4,\"vhost\":true},"
             "\"cloud-hypervisor\":{\"queues\":8}}}",
             &config, &error),
        0);
    const struct monitor_config *qemu = &config.monitors[HYPERVISOR_QEMU];
    assert_string_equal(config.fallback_runtime, "/usr/bin/crun");
    assert_string_equal(qemu->path, "/opt/q");
    assert_int_equal(qemu->memory, 64 << 20);
    assert_int_equal(qemu->overhead, 0);
    assert_int_equal(qemu->vcpus, 2);
    assert_int_equal(qemu->acceleration, ACCELERATION_TCG);
    assert_string_equal(qemu->machine, "pc");
    assert_string_equal(qemu->machine_options, "hpet=off,smm=off");
    assert_string_equal(qemu->cpu, "host,arch-capabilities=off,+x2apic");
    assert_int_equal(qemu->queues, 4);
    assert_true(qemu->vhost);
    assert_int_equal(config.monitors[HYPERVISOR_CLOUD_HYPERVISOR].queues, 8);
    assert_false(config.monitors[HYPERVISOR_CLOUD_HYPERVISOR].vhost);
}

static void a_named_file_must_exist_and_the_default_need_not(void **state)
{
    (void)state;
    struct config config;
    cleanup_error struct error error = {0};
    assert_int_equal(config_load("/nonexistent/urunc.json", &config, &error), -1);
    assert_non_null(strstr(error.message, "/nonexistent/urunc.json"));
}

static void what_is_wrong_is_named(void **state)
{
    assert_refused(state, "{\"monitor\":{}}", "monitor: unknown key");
    assert_refused(state, "{\"monitors\":{\"xen\":{}}}", "monitors: xen: unknown monitor");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"memroy_mib\":1}}}", "qemu.memroy_mib: unknown key");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"memory_mib\":0}}}", "0 is not between");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"vcpus\":\"2\"}}}", "not a whole number");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"vcpus\":513}}}",
                   "qemu.vcpus: 513 is not between 1 and 512");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"memory_mib\":16777217}}}", "16777217 is not between");
    assert_refused(state, "{\"files_mib\":1025}", "files_mib: 1025 is not between 0 and 1024");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"path\":\"qemu\"}}}", "not an absolute path");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"path\":\"builtin\"}}}", "no such monitor of its own");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"acceleration\":\"hax\"}}}", "not auto, kvm or tcg");
    assert_refused(state, "{\"monitors\":{\"spt\":{\"acceleration\":\"kvm\"}}}",
                   "spt.acceleration: unknown key");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"queues\":9}}}", "9 is not between 1 and 8");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"queues\":0}}}", "0 is not between 1 and 8");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"vhost\":1}}}", "qemu.vhost: not true or false");
    assert_refused(state, "{\"monitors\":{\"firecracker\":{\"queues\":2}}}", "queues: unknown key");
    assert_refused(state, "{\"monitors\":{\"hvt\":{\"vhost\":true}}}", "vhost: unknown key");
    assert_refused(state, "{\"monitors\":{\"cloud-hypervisor\":{\"vhost\":true}}}", "vhost: unknown key");
    assert_refused(state, "{\"user_network\":\"pasta\"}", "not an absolute path");
    assert_refused(state, "[]", "not a JSON object");
    assert_refused(state, "{\"a\":", ":1:");
}

static void only_options_can_carry_further_options(void **state)
{
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"cpu\":\"max \"}}}", "'=' and '+'");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"cpu\":\"\"}}}", "letters, digits");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"machine_options\":\"dumpdtb=/x\"}}}",
                   "\"dumpdtb=/x\" is not made of letters, digits");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"cpu\":true}}}", "qemu.cpu: not a string");
    assert_refused(state, "{\"monitors\":{\"hvt\":{\"cpu\":\"max\"}}}", "hvt.cpu: unknown key");
    assert_refused(state, "{\"monitors\":{\"qemu\":{\"machine\":\"pc,dumpdtb=/x\"}}}", "letters, digits");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(defaults_apply_where_nothing_is_said),
        with_temporary(every_setting_is_read),
        with_temporary(overrides_are_the_contracts_keys),
        with_temporary(a_named_file_must_exist_and_the_default_need_not),
        with_temporary(what_is_wrong_is_named),
        with_temporary(only_options_can_carry_further_options),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
