/* The seams for drivers, through two toys: a guest on Solo5 and a monitor with a configuration file. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/guests/solo5.h"
#include "runtime/monitors/monitor.h"

/* ---- a guest that is told the names of its devices ---- */

static int toy_plan(const struct guest_input *input, struct boot *boot, struct error *error)
{
    if (guest_name_solo5_devices(input, boot, error) < 0)
        return -1;
    struct buffer line = {0};
    buffer_format(&line, "toy=%s", solo5_target_name(input->kernel->solo5_target));
    for (size_t i = 0; i < boot->nic_count; i++)
        if (boot->nics[i].name != NULL)
            buffer_format(&line, " %s=%s/%u", boot->nics[i].name, input->network->address,
                          input->network->prefix);
    for (size_t i = 0; i < boot->disk_count; i++)
        buffer_format(&line, " %s:/data", boot->disks[i].name);
    boot->command_line = buffer_take(&line);
    return 0;
}

static const struct guest toy_guest = {.kernels = KERNEL_SOLO5, .plan = toy_plan};

static int toy(struct fixture *fixture)
{
    fixture->input.network = &fixture->network;
    return toy_guest.plan(&fixture->input, &fixture->boot, &fixture->error);
}

static void devices_are_named_as_the_manifest_names_them(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "storage", true);
    declare(fixture, "service", false);
    boot_add_nic(&fixture->boot, 5);
    boot_add_disk(&fixture->boot, 6, false);
    assert_int_equal(toy(fixture), 0);
    assert_string_equal(fixture->boot.nics[0].name, "service");
    assert_string_equal(fixture->boot.disks[0].name, "storage");
    assert_string_equal(fixture->boot.command_line, "toy=hvt service=10.88.0.5/16 storage:/data");
}

static void an_annotation_names_the_first_of_its_kind(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "a", false);
    declare(fixture, "b", false);
    declare(fixture, "x", true);
    declare(fixture, "y", true);
    fixture->input.solo5_net_device = "b";
    fixture->input.solo5_block_device = "y";
    for (int i = 0; i < 2; i++) {
        boot_add_nic(&fixture->boot, 5 + i);
        boot_add_disk(&fixture->boot, 7 + i, true);
    }
    assert_int_equal(toy(fixture), 0);
    assert_string_equal(fixture->boot.nics[0].name, "b");
    assert_string_equal(fixture->boot.nics[1].name, "a");
    assert_string_equal(fixture->boot.disks[0].name, "y");
    assert_string_equal(fixture->boot.disks[1].name, "x");
}

static void an_annotation_that_the_manifest_does_not_have_is_refused(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    fixture->input.solo5_net_device = "eth0";
    boot_add_nic(&fixture->boot, 5);
    assert_int_equal(toy(fixture), -1);
    assert_string_equal(fixture->error.message,
                        "com.urunc.unikernel.solo5NetDev: \"eth0\": the kernel's Solo5 manifest declares no "
                        "network device of that name");
}

static void a_kernel_without_network_devices_runs_in_a_container_that_has_one(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "storage", true);
    boot_add_nic(&fixture->boot, 5);
    boot_add_disk(&fixture->boot, 6, false);
    assert_int_equal(toy(fixture), 0);
    assert_null(fixture->boot.nics[0].name);
}

static void a_declared_device_must_be_there(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    declare(fixture, "storage", true);
    boot_add_nic(&fixture->boot, 5);
    assert_int_equal(toy(fixture), -1);
    assert_string_equal(fixture->error.message,
                        "the kernel's Solo5 manifest declares the block device storage, for which the image "
                        "has no block image");
    boot_free(&fixture->boot);
    boot_add_disk(&fixture->boot, 6, false);
    assert_int_equal(toy(fixture), -1);
    assert_string_equal(fixture->error.message,
                        "the kernel's Solo5 manifest declares the network device service, for which the "
                        "container has no interface");
}

static void a_disk_that_no_device_is_for_is_refused(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "service", false);
    boot_add_nic(&fixture->boot, 5);
    boot_add_disk(&fixture->boot, 6, false);
    assert_int_equal(toy(fixture), -1);
    assert_string_equal(
        fixture->error.message,
        "com.urunc.unikernel.block: the kernel's Solo5 manifest declares no block device for it");
}

/* ---- a monitor that reads a file ---- */

static int toy_files(const struct monitor_config *config, struct monitor_files *files, struct error *error)
{
    (void)config;
    (void)error;
    strings_add(&files->devices, "/dev/kvm");
    return 0;
}

static int toy_command(const struct boot *boot, const struct monitor_config *config, const char *program,
                       struct monitor_command *command, struct error *error)
{
    (void)config;
    (void)error;
    cleanup_json json_t *vm = json_pack("{s:s, s:s, s:i}", "kernel", boot->kernel, "line", boot->command_line,
                                        "disks", (int)boot->disk_count);
    cleanup_free char *text = json_dumps(vm, JSON_COMPACT);
    strings_add(&command->argv, program);
    strings_add(&command->argv, "--config");
    strings_add(&command->argv, monitor_generate(command, "vm.json", text, strlen(text)));
    return 0;
}

static const struct monitor toy_monitor = {.program = "toy", .files = toy_files, .command = toy_command};

static void a_monitor_is_given_a_configuration_of_the_boot(void **state)
{
    struct fixture *fixture = *state;
    fixture->boot.kernel = BOOT_KERNEL_PATH;
    fixture->boot.command_line = xstrdup("a \"b\"");
    boot_add_disk(&fixture->boot, 6, false);
    const struct monitor_config config = {0};
    cleanup_monitor_command struct monitor_command command = {0};
    assert_int_equal(toy_monitor.command(&fixture->boot, &config, "/usr/bin/toy", &command, &fixture->error),
                     0);
    assert_int_equal(command.argv.count, 3);
    assert_string_equal(command.argv.items[2], "/generated/vm.json");
    assert_int_equal(command.generated_count, 1);
    assert_string_equal(command.generated[0].path, "/generated/vm.json");
    static const char expected[] = "{\"kernel\":\"/guest/kernel\",\"line\":\"a \\\"b\\\"\",\"disks\":1}";
    assert_int_equal(command.generated[0].length, sizeof expected - 1);
    assert_memory_equal(command.generated[0].bytes, expected, sizeof expected - 1);
}

static void generated_files_are_as_many_as_a_monitor_wants(void **state)
{
    (void)state;
    cleanup_monitor_command struct monitor_command command = {0};
    monitor_generate(&command, "a", "1\0002", 3);
    monitor_generate(&command, "b", "", 0);
    assert_int_equal(command.generated_count, 2);
    assert_memory_equal(command.generated[0].bytes, "1\0002", 3);
    assert_int_equal(command.generated[0].length, 3);
    assert_string_equal(command.generated[1].path, "/generated/b");
    assert_int_equal(command.generated[1].length, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(devices_are_named_as_the_manifest_names_them),
        guest_test(an_annotation_names_the_first_of_its_kind),
        guest_test(an_annotation_that_the_manifest_does_not_have_is_refused),
        guest_test(a_kernel_without_network_devices_runs_in_a_container_that_has_one),
        guest_test(a_declared_device_must_be_there),
        guest_test(a_disk_that_no_device_is_for_is_refused),
        guest_test(a_monitor_is_given_a_configuration_of_the_boot),
        cmocka_unit_test(generated_files_are_as_many_as_a_monitor_wants),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
