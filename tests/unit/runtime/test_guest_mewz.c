/* The command line of a Mewz guest. */
#include "tests/unit/fixtures/guest_fixture.h"

#include "tests/unit/fixtures/guest_readers.h"

static void address_and_gateway_stand_before_the_arguments(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "webserver", "-p", "80");
    fixture->input.network = &fixture->network;
    assert_plan(fixture, FRAMEWORK_MEWZ, "ip=10.88.0.5/16 gateway=10.88.0.1 webserver -p 80");
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_MODERN_VIRTIO);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_VALUE);
    struct mewz_seen seen;
    mewz_read(fixture->boot.command_line, &seen);
    assert_string_equal(seen.ip, "10.88.0.5/16");
    assert_string_equal(seen.gateway, "10.88.0.1");
}

static void an_image_without_a_command_is_fine(void **state)
{
    struct fixture *fixture = *state;
    assert_plan(fixture, FRAMEWORK_MEWZ, "");
    fixture->input.network = &fixture->network;
    assert_plan(fixture, FRAMEWORK_MEWZ, "ip=10.88.0.5/16 gateway=10.88.0.1");
}

static void an_argument_does_not_change_the_address(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.network = &fixture->network;
    SET_ARGS(fixture, "x", "ip=1.2.3.4/8");
    assert_refused(fixture, FRAMEWORK_MEWZ,
                   "the arguments have ip=1.2.3.4/8, which Mewz would take for its own address");
    SET_ARGS(fixture, "x", "y  gateway=1.2.3.4 z");
    assert_refused(fixture, FRAMEWORK_MEWZ,
                   "the arguments have gateway=1.2.3.4, which Mewz would take for its own address");
    SET_ARGS(fixture, "x", "zip=1");
    assert_int_equal(plan(fixture, FRAMEWORK_MEWZ), 0);
}

static void a_network_without_a_gateway_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.network = &fixture->network;
    fixture->network.gateway[0] = '\0';
    assert_refused(fixture, FRAMEWORK_MEWZ,
                   "the container's network has no gateway, and a Mewz guest needs one");
}

static void it_wants_512_mebibytes(void **state)
{
    (void)state;
    assert_int_equal(guest_find(FRAMEWORK_MEWZ)->memory, 512 << 20);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(address_and_gateway_stand_before_the_arguments),
        guest_test(an_image_without_a_command_is_fine),
        guest_test(an_argument_does_not_change_the_address),
        guest_test(a_network_without_a_gateway_is_refused),
        cmocka_unit_test(it_wants_512_mebibytes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
