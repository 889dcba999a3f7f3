/* Whether a kernel and the devices that are named for it fit the hypervisor. */
#include "tests/unit/fixtures/temporary.h"

#include "builder/build/kernel_check.h"
#include "formats/base/cleanup.h"

static const struct kernel_probe solo5 = {
    .formats = KERNEL_ELF | KERNEL_SOLO5,
    .architecture = "amd64",
    .machine = "x86-64",
    .solo5_target = SOLO5_TARGET_HVT,
    .solo5_devices = {{.name = "service", .is_block = false}, {.name = "storage", .is_block = true}},
    .solo5_device_count = 2,
};

static struct unikernel mirage(const char *net, const char *block)
{
    return (struct unikernel){
        .framework = FRAMEWORK_MIRAGE,
        .hypervisor = HYPERVISOR_HVT,
        .binary = (char *)"/boot/kernel",
        .solo5_net_device = (char *)net,
        .solo5_block_device = (char *)block,
    };
}

static void expect_fault(const struct unikernel *unikernel, const struct kernel_probe *probe, const char *key,
                         const char *message)
{
    cleanup_error struct error error = {0};
    const char *found = kernel_check(unikernel, probe, "amd64", &error);
    assert_non_null(found);
    assert_string_equal(found, key);
    if (strstr(error.message, message) == NULL)
        print_message("%s\n", error.message);
    assert_non_null(strstr(error.message, message));
}

static void devices_of_the_manifest_can_be_named(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct unikernel both = mirage("service", "storage"), none = mirage(NULL, NULL);
    assert_null(kernel_check(&both, &solo5, "amd64", &error));
    assert_null(kernel_check(&none, &solo5, "amd64", &error));
    assert_false(error_is_set(&error));
}

static void a_device_that_the_manifest_lacks_is_an_error(void **state)
{
    (void)state;
    const struct unikernel net = mirage("storage", NULL), block = mirage(NULL, "service");
    expect_fault(&net, &solo5, KEY_NET_DEVICE, "no network device of that name; it has: service");
    expect_fault(&block, &solo5, KEY_BLOCK_DEVICE, "no block device of that name; it has: storage");
    struct kernel_probe bare = solo5;
    bare.solo5_device_count = 0;
    expect_fault(&block, &bare, KEY_BLOCK_DEVICE, "it has: none");
}

static void a_kernel_that_the_hypervisor_cannot_load_is_an_error(void **state)
{
    (void)state;
    struct kernel_probe spt = solo5;
    spt.solo5_target = SOLO5_TARGET_SPT;
    const struct unikernel unikernel = mirage(NULL, NULL);
    expect_fault(&unikernel, &spt, KEY_BINARY, "/boot/kernel");
}

static void a_framework_that_does_not_run_there_is_an_error(void **state)
{
    (void)state;
    struct unikernel unikernel = mirage(NULL, NULL);
    unikernel.framework = FRAMEWORK_LINUX;
    expect_fault(&unikernel, &solo5, KEY_HYPERVISOR, "hvt");
}

static void storage_that_the_framework_cannot_use_is_an_error(void **state)
{
    (void)state;
    struct unikernel unikernel = mirage(NULL, NULL);
    unikernel.initrd = (char *)"/boot/initrd";
    expect_fault(&unikernel, &solo5, KEY_INITRD, "the framework mirage cannot use an initrd");
    unikernel = mirage(NULL, NULL);
    unikernel.mount_rootfs = true;
    expect_fault(&unikernel, &solo5, KEY_MOUNT_ROOTFS,
                 "the framework mirage cannot use the container's rootfs");
}

static void a_machine_that_the_pair_does_not_exist_for_is_an_error(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct unikernel unikernel = mirage(NULL, NULL);
    unikernel.framework = FRAMEWORK_RUMPRUN;
    assert_null(kernel_check(&unikernel, &solo5, "amd64", &error));
    assert_string_equal(kernel_check(&unikernel, &solo5, "arm64", &error), KEY_HYPERVISOR);
    assert_string_equal(error.message, "rumprun on hvt does not exist for arm64; it exists for: amd64");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(devices_of_the_manifest_can_be_named),
        cmocka_unit_test(a_device_that_the_manifest_lacks_is_an_error),
        cmocka_unit_test(a_kernel_that_the_hypervisor_cannot_load_is_an_error),
        cmocka_unit_test(a_framework_that_does_not_run_there_is_an_error),
        cmocka_unit_test(storage_that_the_framework_cannot_use_is_an_error),
        cmocka_unit_test(a_machine_that_the_pair_does_not_exist_for_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
