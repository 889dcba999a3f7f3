/* The command line of a Nanos guest: what it may lay over its disk's manifest. */
#include "tests/unit/fixtures/guest_fixture.h"

static int setup(void **state)
{
    fixture_setup(state);
    struct fixture *fixture = *state;
    fixture->input.has_block = true;
    return 0;
}
#define nanos_test(function) cmocka_unit_test_setup_teardown(function, setup, fixture_teardown)

static void the_network_is_laid_over_the_manifest(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/hello");
    fixture->input.network = &fixture->network;
    assert_plan(fixture, FRAMEWORK_NANOS,
                "en1.ipaddr=10.88.0.5 en1.netmask=255.255.0.0 en1.gateway=10.88.0.1");
    assert_int_equal(fixture->boot.quirks,
                     BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_BOOT_LOADER | BOOT_QUIRK_MODERN_VIRTIO);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_VALUE);
    assert_int_equal(fixture->boot.stops, BOOT_STOP_POWER_BUTTON);
    fixture->network.gateway[0] = '\0';
    fixture->input.cmdline = "debug_exit=t";
    assert_plan(fixture, FRAMEWORK_NANOS, "en1.ipaddr=10.88.0.5 en1.netmask=255.255.0.0 debug_exit=t");
}

static void without_a_network_there_is_nothing_to_say(void **state)
{
    struct fixture *fixture = *state;
    assert_plan(fixture, FRAMEWORK_NANOS, "");
}

static void arguments_stand_in_the_manifest(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/hello", "-v");
    assert_refused(fixture, FRAMEWORK_NANOS,
                   "process.args[1] -v: the arguments of a Nanos program stand in the manifest on its disk");
}

static void its_disk_is_its_root(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.block_mount_point = "/";
    assert_int_equal(plan(fixture, FRAMEWORK_NANOS), 0);
    fixture->input.block_mount_point = "/data";
    assert_refused(fixture, FRAMEWORK_NANOS,
                   "blkMntPoint /data: a Nanos disk is the root, and its manifest names the other mounts");
    fixture->input.has_block = false;
    assert_refused(fixture, FRAMEWORK_NANOS,
                   "no block image: a Nanos image needs the disk that its manifest is on");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        nanos_test(the_network_is_laid_over_the_manifest),
        nanos_test(without_a_network_there_is_nothing_to_say),
        nanos_test(arguments_stand_in_the_manifest),
        nanos_test(its_disk_is_its_root),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
