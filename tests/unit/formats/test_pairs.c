/* Pairs of a framework and a hypervisor: which exist, what they have, and why others do not. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/cleanup.h"
#include "formats/contract/annotations.h"
#include "formats/contract/pairs.h"

static const struct pair rumprun_on_hvt = {FRAMEWORK_RUMPRUN, HYPERVISOR_HVT};
static const struct pair rumprun_on_qemu = {FRAMEWORK_RUMPRUN, HYPERVISOR_QEMU};
static const struct pair linux_on_qemu = {FRAMEWORK_LINUX, HYPERVISOR_QEMU};

static void a_framework_runs_where_its_kernels_exist(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(pair_check(rumprun_on_hvt, &error), 0);
    assert_int_equal(pair_check(rumprun_on_qemu, &error), -1);
    assert_string_equal(error.message, "rumprun does not run on qemu; it runs on: hvt, spt");
    for (int i = 0; i < HYPERVISOR_COUNT; i++)
        assert_true(pair_exists((struct pair){FRAMEWORK_GENERIC, (enum hypervisor)i}));
}

static void a_pair_has_what_both_have(void **state)
{
    (void)state;
    FOR_EACH_PAIR(pair)
    {
        assert_int_equal(pair_storage(pair) & ~framework_storage(pair.framework), 0);
        assert_int_equal(pair_storage(pair) & ~hypervisor_storage(pair.hypervisor), 0);
        assert_int_not_equal(pair_architectures(pair), 0);
        assert_int_equal(pair_has_network(pair), framework_has_network(pair.framework));
    }
    assert_true(pair_storage(linux_on_qemu) & STORAGE_INITRD);
    assert_int_equal(pair_storage(rumprun_on_hvt), STORAGE_BLOCK);
    assert_int_equal(pair_architectures(rumprun_on_hvt), ARCHITECTURE_AMD64);
}

static void a_pair_that_does_not_exist_has_nothing(void **state)
{
    (void)state;
    assert_int_equal(pair_storage(rumprun_on_qemu), 0);
    assert_int_equal(pair_architectures(rumprun_on_qemu), 0);
    assert_false(pair_has_network(rumprun_on_qemu));
}

static void every_pair_is_visited_once_and_no_other(void **state)
{
    (void)state;
    int visits[FRAMEWORK_COUNT][HYPERVISOR_COUNT] = {0};
    FOR_EACH_PAIR(pair)
    visits[pair.framework][pair.hypervisor]++;
    for (int f = 0; f < FRAMEWORK_COUNT; f++)
        for (int h = 0; h < HYPERVISOR_COUNT; h++)
            assert_int_equal(visits[f][h], pair_exists((struct pair){(enum framework)f, (enum hypervisor)h}));
}

static void a_framework_without_a_monitor_says_why(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    for (int h = 0; h < HYPERVISOR_COUNT; h++) {
        assert_int_equal(pair_check((struct pair){FRAMEWORK_HYPERLIGHT, (enum hypervisor)h}, &error), -1);
        assert_string_equal(error.message,
                            "hyperlight runs on no hypervisor that urunc knows: its monitor is a "
                            "library, not a program");
    }
}

static void storage_is_refused_by_whom_it_fails_on(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(pair_check_storage(rumprun_on_hvt, STORAGE_ROW_BLOCK, &error), 0);
    assert_int_equal(pair_check_storage(rumprun_on_hvt, STORAGE_ROW_INITRD, &error), -1);
    assert_string_equal(error.message,
                        "the framework rumprun cannot use an initrd; rumprun on hvt has: a block image");
    const struct pair generic_on_hvt = {FRAMEWORK_GENERIC, HYPERVISOR_HVT};
    assert_int_equal(pair_check_storage(generic_on_hvt, STORAGE_ROW_INITRD, &error), -1);
    assert_string_equal(error.message,
                        "the hypervisor hvt cannot offer an initrd; generic on hvt has: a block image");
    const struct pair mewz_on_qemu = {FRAMEWORK_MEWZ, HYPERVISOR_QEMU};
    assert_int_equal(pair_check_storage(mewz_on_qemu, STORAGE_ROW_BLOCK, &error), -1);
    assert_string_equal(error.message,
                        "the framework mewz cannot use a block image; mewz on qemu has: no storage");
}

static void an_architecture_is_refused_with_those_that_exist(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(pair_check_architecture(linux_on_qemu, "amd64", &error), 0);
    assert_int_equal(pair_check_architecture(linux_on_qemu, "arm64", &error), 0);
    assert_int_equal(pair_check_architecture(rumprun_on_hvt, "arm64", &error), -1);
    assert_string_equal(error.message, "rumprun on hvt does not exist for arm64; it exists for: amd64");
    assert_int_equal(pair_check_architecture(linux_on_qemu, "riscv64", &error), -1);
    assert_string_equal(error.message,
                        "linux on qemu does not exist for riscv64; it exists for: amd64, arm64");
}

static void drivers_are_those_that_the_lists_say(void **state)
{
    (void)state;
    FOR_EACH_PAIR(pair)
    {
        cleanup_error struct error error = {0};
        bool both = framework_is_booted(pair.framework) && hypervisor_is_driven(pair.hypervisor);
        assert_int_equal(pair_check_drivers(pair, &error), both ? 0 : -1);
        if (!framework_is_booted(pair.framework))
            assert_ptr_equal(strstr(error.message, KEY_TYPE), error.message);
        else if (!both)
            assert_ptr_equal(strstr(error.message, KEY_HYPERVISOR), error.message);
    }
}

static void sets_have_names(void **state)
{
    (void)state;
    cleanup_free char *storage = storage_names(STORAGE_INITRD | STORAGE_9P, "+");
    assert_string_equal(storage, "initrd+9p");
    cleanup_free char *none = storage_names(0, "+");
    assert_string_equal(none, "");
    cleanup_free char *architectures = architecture_names(ARCHITECTURE_AMD64 | ARCHITECTURE_ARM64, ", ");
    assert_string_equal(architectures, "amd64, arm64");
    assert_string_equal(storage_name(STORAGE_ROW_BLOCK), "block");
    assert_string_equal(storage_key(STORAGE_ROW_9P), KEY_MOUNT_ROOTFS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_framework_runs_where_its_kernels_exist),
        cmocka_unit_test(a_pair_has_what_both_have),
        cmocka_unit_test(a_pair_that_does_not_exist_has_nothing),
        cmocka_unit_test(every_pair_is_visited_once_and_no_other),
        cmocka_unit_test(a_framework_without_a_monitor_says_why),
        cmocka_unit_test(storage_is_refused_by_whom_it_fails_on),
        cmocka_unit_test(an_architecture_is_refused_with_those_that_exist),
        cmocka_unit_test(drivers_are_those_that_the_lists_say),
        cmocka_unit_test(sets_have_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
