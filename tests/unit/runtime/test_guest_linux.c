/* The command line of a Linux guest. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#define OWN         " rdinit=/.urunc/urunc-init"
#define BASE_INITRD "panic=-1 console=ttyS0 no_timer_check root=/dev/ram0 rw quiet"
#define BASE_DISK   "panic=-1 console=ttyS0 no_timer_check root=/dev/vda rw quiet"

static void a_block_image_is_the_root(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/bin/app", "-v");
    fixture->input.has_block = true;
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_DISK " init=/bin/app -- -v");
    fixture->input.block_mount_point = "/";
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_DISK " init=/bin/app -- -v");
}

static void a_read_only_block_image_is_mounted_so(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/bin/app");
    fixture->input.has_block = true;
    fixture->input.block_readonly = true;
    assert_plan(fixture, FRAMEWORK_LINUX,
                "panic=-1 console=ttyS0 no_timer_check root=/dev/vda ro quiet init=/bin/app");
}

static void an_initrd_is_the_root(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/bin/app", "x");
    fixture->input.has_initrd = true;
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " rdinit=/bin/app -- x");
}

static void with_both_the_block_image_is_the_root_unless_it_is_mounted_elsewhere(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/urunc-init", "app");
    fixture->input.has_initrd = true;
    fixture->input.has_block = true;
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_DISK " urunc.exit" OWN);
    fixture->input.block_mount_point = "/data dir";
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " urunc.exit" OWN);
}

static void a_block_image_mounted_elsewhere_needs_an_initrd(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/bin/app");
    fixture->input.has_block = true;
    fixture->input.block_mount_point = "/data";
    assert_refused(fixture, FRAMEWORK_LINUX,
                   "blkMntPoint /data: a Linux guest whose block image is not mounted at / needs an initrd "
                   "for its root");
}

static void the_network_is_the_kernels_ip_parameter(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/bin/app");
    fixture->input.has_initrd = true;
    fixture->input.network = &fixture->network;
    fixture->input.hostname = "web-1";
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_INITRD " ip=10.88.0.5::10.88.0.1:255.255.0.0:web-1:eth0:off rdinit=/bin/app");
    fixture->input.hostname = "no:good name";
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_INITRD " ip=10.88.0.5::10.88.0.1:255.255.0.0:urunc:eth0:off rdinit=/bin/app");
}

static void further_interfaces_ipv6_routes_and_the_resolver_are_for_uruncs_init(void **state)
{
    struct fixture *fixture = *state;
    static struct network networks[2];
    SET_ARGS(fixture, "/urunc-init", "app");
    fixture->input.has_initrd = true;
    networks[0] = fixture->network;
    networks[0].mtu = 1400;
    strcpy(networks[0].address6, "fd00::5");
    networks[0].prefix6 = 64;
    strcpy(networks[0].gateway6, "fe80::1");
    networks[0].routes[0] = (struct network_route){"10.96.0.0", 12, "10.88.0.9"};
    networks[0].routes[1] = (struct network_route){"fd01::", 48, ""};
    networks[0].route_count = 2;
    strcpy(networks[0].servers[1], "fd00::53");
    networks[0].server_count = 2;
    strcpy(networks[0].search, "a.svc,b");
    strcpy(networks[0].options, "ndots:5");
    networks[1] = (struct network){.address = "10.99.0.5", .prefix = 24, .mtu = 1500};
    fixture->input.network = networks;
    fixture->input.network_count = 2;
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_INITRD " ip=10.88.0.5::10.88.0.1:255.255.0.0:urunc:eth0:off"
                            " urunc.mtu=eth0/1400 urunc.address=eth0/fd00::5/64 urunc.route=eth0/::/0/fe80::1"
                            " urunc.route=eth0/10.96.0.0/12/10.88.0.9 urunc.route=eth0/fd01::/48"
                            " urunc.address=eth1/10.99.0.5/24 urunc.dns=10.88.0.53,fd00::53"
                            " urunc.search=a.svc,b urunc.resolver=ndots:5 urunc.exit" OWN);
}

static void a_guest_at_the_pods_address_is_told_of_sidecars(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/urunc-init", "app");
    fixture->input.has_initrd = true;
    fixture->network = (struct network){.address6 = "fd00::5", .prefix6 = 64, .has_sidecars = true};
    fixture->input.network = &fixture->network;
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_INITRD " urunc.address=eth0/fd00::5/64 urunc.pod=/fd00::5 urunc.exit" OWN);
    fixture->network = (struct network){.address = "172.16.1.2",
                                        .netmask = "255.255.255.0",
                                        .gateway = "172.16.1.1",
                                        .pod = "10.88.0.5",
                                        .has_sidecars = true};
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_INITRD " ip=172.16.1.2::172.16.1.1:255.255.255.0:urunc:eth0:off urunc.exit" OWN);
}

static void a_network_of_ipv6_alone_has_no_ip_parameter(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/urunc-init", "app");
    fixture->input.has_initrd = true;
    fixture->network = (struct network){.address6 = "fd00::5", .prefix6 = 64, .mtu = 1500};
    fixture->input.network = &fixture->network;
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " urunc.address=eth0/fd00::5/64 urunc.exit" OWN);
}

static void arguments_with_blanks_or_quotes_stand_in_single_quotes(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/bin/app", "a b", "it's", "say \"hi\"", "", "tab\there", "-monitor", "a\\b");
    fixture->input.has_initrd = true;
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_INITRD " rdinit=/bin/app -- 'a b' 'it'\\''s' 'say \"hi\"' '' 'tab\there' -monitor a\\b");
}

static void the_environment_is_plain_words_for_any_program(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/bin/app");
    fixture->input.has_initrd = true;
    strings_add(&fixture->env, "PATH=/bin");
    strings_add(&fixture->env, "K=a b");
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " PATH=/bin K=\"a b\" rdinit=/bin/app");
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_UNKNOWN);
}

static void variables_that_the_kernel_would_take_for_its_own_are_refused(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/bin/app");
    fixture->input.has_initrd = true;
    const struct {
        const char *variable;
        const char *message;
    } cases[] = {
        {"init=/bin/sh",
         "process.env init=/bin/sh: the Linux kernel would take the name for a parameter of its own: "
         "use urunc-init"},
        {"a.b=c", "process.env a.b=c: the Linux kernel would take the name for a parameter of its own: use "
                  "urunc-init"},
        {"--=c",
         "process.env --=c: the Linux kernel would take the name for a parameter of its own: use urunc-init"},
        {"K=\"", "process.env K=\": a double quote cannot stand on the Linux command line: use urunc-init"},
        {"novalue", "process.env novalue: not of the form NAME=VALUE"},
        {"=x", "process.env =x: not of the form NAME=VALUE"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        strings_free(&fixture->env);
        strings_add(&fixture->env, cases[i].variable);
        assert_refused(fixture, FRAMEWORK_LINUX, cases[i].message);
    }
}

static void more_words_than_the_kernel_gives_are_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    SET_ARGS(fixture, "/bin/app");
    for (int i = 0; i < 32; i++)
        strings_add(&fixture->args, "x");
    assert_int_equal(plan(fixture, FRAMEWORK_LINUX), 0);
    strings_add(&fixture->args, "x");
    assert_refused(
        fixture, FRAMEWORK_LINUX,
        "the arguments have 33 words and the kernel gives at most 32 to a program: use urunc-init");
    SET_ARGS(fixture, "/bin/app");
    for (int i = 0; i < 31; i++)
        strings_format(&fixture->env, "V%d=x", i);
    assert_refused(
        fixture, FRAMEWORK_LINUX,
        "process.env has 31 variables and the kernel can give at most 30 to a program: use urunc-init");
}

static void a_line_longer_than_the_kernel_takes_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    char argument[2001];
    memset(argument, 'x', 2000);
    argument[2000] = '\0';
    SET_ARGS(fixture, "/bin/app", argument);
    assert_refused(fixture, FRAMEWORK_LINUX,
                   "the Linux command line has 2081 bytes and the kernel takes 2047: shorten the environment "
                   "(process.env) or the arguments (process.args), or use urunc-init");
    argument[2000 - 34] = '\0';
    SET_ARGS(fixture, "/bin/app", argument);
    assert_int_equal(plan(fixture, FRAMEWORK_LINUX), 0);
    assert_int_equal(strlen(fixture->boot.command_line), 2047);
}

static void the_cmdline_annotation_is_a_program_and_its_text(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    fixture->input.cmdline = "/bin/app --config-file x  'y z'";
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " rdinit=/bin/app -- --config-file x  'y z'");
    fixture->input.cmdline = "/bin/app";
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " rdinit=/bin/app");
}

static void nothing_to_run_is_refused(void **state)
{
    struct fixture *fixture = *state;
    assert_refused(fixture, FRAMEWORK_LINUX, "process.args and the cmdline annotation name no program");
    SET_ARGS(fixture, "/bin/a\"b");
    assert_refused(fixture, FRAMEWORK_LINUX,
                   "process.args[0] /bin/a\"b: a double quote cannot stand in the kernel's init=");
}

static void only_urunc_init_reports_a_status(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    SET_ARGS(fixture, "/sbin/urunc-init", "app");
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " urunc.exit" OWN);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_REPORT);
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_PANIC_DEVICE | BOOT_QUIRK_EXIT_PORT);
}

static void without_a_host_that_understands_reports_only_failures_are_told(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    fixture->input.exit_report = false;
    SET_ARGS(fixture, "/urunc-init", "app");
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " urunc.exit=failures" OWN);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_UNKNOWN);
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_PANIC_DEVICE | BOOT_QUIRK_EXIT_PORT);
}

static void a_machine_without_power_off_is_told_of(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    fixture->input.ends_by_reset = true;
    SET_ARGS(fixture, "/urunc-init", "app");
    assert_plan(
        fixture, FRAMEWORK_LINUX,
        "panic=-1 console=ttyS0 no_timer_check root=/dev/ram0 rw reboot=k quiet urunc.reset urunc.exit "
        "rdinit=/.urunc/urunc-init");
    SET_ARGS(fixture, "/sbin/init");
    assert_plan(fixture, FRAMEWORK_LINUX,
                "panic=-1 console=ttyS0 no_timer_check root=/dev/ram0 rw reboot=k quiet rdinit=/sbin/init");
}

static void the_channel_is_for_urunc_init_where_the_monitor_has_it(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    fixture->input.channel = true;
    SET_ARGS(fixture, "/urunc-init", "app");
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " urunc.channel urunc.exit" OWN);
    assert_int_equal(fixture->boot.quirks,
                     BOOT_QUIRK_PANIC_DEVICE | BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_CHANNEL);
    SET_ARGS(fixture, "/sbin/init");
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " rdinit=/sbin/init");
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_PANIC_DEVICE | BOOT_QUIRK_EXIT_PORT);
}

static void a_terminal_is_told_with_its_size(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    fixture->input.rows = 24;
    fixture->input.columns = 80;
    SET_ARGS(fixture, "/urunc-init", "app");
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " urunc.exit" OWN);
    fixture->input.terminal = true;
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " urunc.terminal urunc.size=24x80 urunc.exit" OWN);
    fixture->input.rows = 0;
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_INITRD " urunc.terminal urunc.exit" OWN);
}

static void arm64_has_another_console_and_no_ports(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    fixture->kernel.architecture = "arm64";
    SET_ARGS(fixture, "/urunc-init", "app");
    assert_plan(fixture, FRAMEWORK_LINUX, "panic=-1 console=ttyAMA0 root=/dev/ram0 rw quiet" OWN);
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_PANIC_DEVICE);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_UNKNOWN);
}

static void what_urunc_init_is_told_by_file_is_not_on_the_line(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/urunc-init", "app", "an argument");
    strings_add(&fixture->env, "PASSWORD=secret");
    for (int i = 0; i < 2000; i++)
        strings_add(&fixture->env, "A_SERVICE_HOST=10.0.0.1");
    fixture->input.has_initrd = true;
    fixture->input.has_block = true;
    fixture->input.block_mount_point = "/data";
    fixture->input.uid = 33;
    fixture->input.cwd = "/srv";
    fixture->input.hostname = "box";
    fixture->input.network = &fixture->network;
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_INITRD
                " ip=10.88.0.5::10.88.0.1:255.255.0.0:box:eth0:off urunc.dns=10.88.0.53 urunc.exit" OWN);
}

static void urunit_is_told_where_its_file_is(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/usr/bin/urunit", "app", "an argument");
    strings_add(&fixture->env, "PASSWORD=\"secret\"");
    fixture->input.has_initrd = true;
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_INITRD " URUNIT_CONFIG=/urunit.conf rdinit=/usr/bin/urunit -- app 'an argument'");
    fixture->input.has_initrd = false;
    fixture->input.has_block = true;
    assert_plan(fixture, FRAMEWORK_LINUX,
                BASE_DISK " retain_initrd URUNIT_CONFIG=/sys/firmware/initrd init=/usr/bin/urunit -- app 'an "
                          "argument'");
}

/* The image's initrd leads to the disk's urunit, so nothing can stand in its place. */
static void urunit_on_a_disk_behind_an_initrd_gets_plain_words(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/urunit", "app");
    strings_add(&fixture->env, "K=V");
    fixture->input.has_initrd = true;
    fixture->input.has_block = true;
    assert_plan(fixture, FRAMEWORK_LINUX, BASE_DISK " K=V init=/urunit -- app");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(a_block_image_is_the_root),
        guest_test(a_read_only_block_image_is_mounted_so),
        guest_test(an_initrd_is_the_root),
        guest_test(with_both_the_block_image_is_the_root_unless_it_is_mounted_elsewhere),
        guest_test(a_block_image_mounted_elsewhere_needs_an_initrd),
        guest_test(the_network_is_the_kernels_ip_parameter),
        guest_test(further_interfaces_ipv6_routes_and_the_resolver_are_for_uruncs_init),
        guest_test(a_network_of_ipv6_alone_has_no_ip_parameter),
        guest_test(a_guest_at_the_pods_address_is_told_of_sidecars),
        guest_test(arguments_with_blanks_or_quotes_stand_in_single_quotes),
        guest_test(the_environment_is_plain_words_for_any_program),
        guest_test(variables_that_the_kernel_would_take_for_its_own_are_refused),
        guest_test(more_words_than_the_kernel_gives_are_refused),
        guest_test(a_line_longer_than_the_kernel_takes_is_refused),
        guest_test(the_cmdline_annotation_is_a_program_and_its_text),
        guest_test(nothing_to_run_is_refused),
        guest_test(only_urunc_init_reports_a_status),
        guest_test(a_machine_without_power_off_is_told_of),
        guest_test(the_channel_is_for_urunc_init_where_the_monitor_has_it),
        guest_test(a_terminal_is_told_with_its_size),
        guest_test(without_a_host_that_understands_reports_only_failures_are_told),
        guest_test(arm64_has_another_console_and_no_ports),
        guest_test(what_urunc_init_is_told_by_file_is_not_on_the_line),
        guest_test(urunit_is_told_where_its_file_is),
        guest_test(urunit_on_a_disk_behind_an_initrd_gets_plain_words),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
