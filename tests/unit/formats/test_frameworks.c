/* Frameworks and hypervisors: names, and which hypervisor loads which kernel. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/cleanup.h"
#include "formats/contract/frameworks.h"

static void frameworks_have_names_both_ways(void **state)
{
    (void)state;
    static const char *const names[] = {"unikraft", "mirage",    "rumprun", "mewz",  "linux",
                                        "osv",      "includeos", "hermit",  "nanos", "generic"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        assert_string_equal(framework_name((enum framework)framework_from_name(names[i])), names[i]);
    assert_int_equal(framework_from_name("linux"), FRAMEWORK_LINUX);
    assert_int_equal(framework_from_name(""), -1);
    assert_int_equal(framework_from_name("Linux"), -1);
}

static void hypervisors_have_names_both_ways(void **state)
{
    (void)state;
    for (int i = 0; i < HYPERVISOR_COUNT; i++)
        assert_int_equal(hypervisor_from_name(hypervisor_name((enum hypervisor)i)), i);
    assert_int_equal(hypervisor_from_name("cloud-hypervisor"), HYPERVISOR_CLOUD_HYPERVISOR);
    assert_int_equal(hypervisor_from_name("xen"), -1);
}

static void a_hypervisor_loads_what_it_can(void **state)
{
    (void)state;
    static const struct {
        enum hypervisor hypervisor;
        struct kernel_probe kernel;
        enum kernel_fit fit;
        const char *message;
    } cases[] = {
        {HYPERVISOR_QEMU, {.formats = KERNEL_BZIMAGE, .architecture = "amd64"}, KERNEL_LOADS, NULL},
        {HYPERVISOR_QEMU, {.formats = KERNEL_ELF | KERNEL_PVH, .architecture = "amd64"}, KERNEL_LOADS, NULL},
        {HYPERVISOR_QEMU,
         {.formats = KERNEL_ELF, .architecture = "amd64", .machine = "x86-64"},
         KERNEL_DOUBTFUL,
         "/k is ELF x86-64, but qemu loads multiboot, PVH or bzImage"},
        {HYPERVISOR_QEMU, {.formats = KERNEL_ELF, .architecture = "arm64"}, KERNEL_LOADS, NULL},
        {HYPERVISOR_QEMU, {.formats = KERNEL_ELF, .architecture = "riscv64"}, KERNEL_LOADS, NULL},
        {HYPERVISOR_QEMU,
         {0},
         KERNEL_DOUBTFUL,
         "/k is no known kernel format, but qemu loads multiboot, PVH"
         " or bzImage"},
        {HYPERVISOR_FIRECRACKER,
         {.formats = KERNEL_BZIMAGE, .architecture = "amd64"},
         KERNEL_REFUSED,
         "/k is bzImage, but firecracker loads ELF"},
        {HYPERVISOR_FIRECRACKER,
         {.formats = KERNEL_ELF | KERNEL_ELF32 | KERNEL_MULTIBOOT1,
          .architecture = "amd64",
          .machine = "80386"},
         KERNEL_REFUSED,
         "/k is ELF 80386, multiboot, but firecracker loads no ELF of 32 bits"},
        {HYPERVISOR_CLOUD_HYPERVISOR,
         {.formats = KERNEL_ELF | KERNEL_ELF32 | KERNEL_PVH, .architecture = "amd64", .machine = "80386"},
         KERNEL_REFUSED,
         "/k is ELF 80386, PVH, but cloud-hypervisor loads no ELF of 32 bits"},
        {HYPERVISOR_FIRECRACKER,
         {.formats = KERNEL_ARM64_IMAGE, .architecture = "arm64"},
         KERNEL_LOADS,
         NULL},
        {HYPERVISOR_CLOUD_HYPERVISOR,
         {.formats = KERNEL_ELF, .architecture = "amd64", .machine = "x86-64"},
         KERNEL_DOUBTFUL,
         "/k is ELF x86-64, but cloud-hypervisor loads PVH or bzImage"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        assert_int_equal(hypervisor_check_kernel(cases[i].hypervisor, &cases[i].kernel, "/k", &error),
                         cases[i].fit);
        if (cases[i].message == NULL)
            assert_null(error.message);
        else
            assert_string_equal(error.message, cases[i].message);
        error_clear(&error);
    }
}

static void a_solo5_kernel_for_virtio_must_be_one_that_is_loaded(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    const struct kernel_probe kernel = {.formats = KERNEL_ELF | KERNEL_SOLO5,
                                        .architecture = "amd64",
                                        .machine = "x86-64",
                                        .solo5_target = SOLO5_TARGET_VIRTIO};
    assert_int_equal(hypervisor_check_kernel(HYPERVISOR_QEMU, &kernel, "/k", &error), KERNEL_REFUSED);
    assert_non_null(strstr(error.message, "but qemu loads multiboot"));
}

static void an_initrd_is_an_archive_or_the_application(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_int_equal(framework_check_initrd(FRAMEWORK_LINUX, false, &error), 0);
    assert_int_equal(framework_check_initrd(FRAMEWORK_HERMIT, true, &error), 0);
    assert_int_equal(framework_check_initrd(FRAMEWORK_GENERIC, true, &error), 0);
    assert_int_equal(framework_check_initrd(FRAMEWORK_GENERIC, false, &error), 0);
    assert_int_equal(framework_check_initrd(FRAMEWORK_LINUX, true, &error), -1);
    assert_string_equal(error.message, "an ELF file, but the initrd of linux is an archive");
    assert_int_equal(framework_check_initrd(FRAMEWORK_HERMIT, false, &error), -1);
    assert_string_equal(error.message, "the initrd of hermit is its application, an ELF file");
}

static void a_solo5_kernel_runs_on_its_own_target(void **state)
{
    (void)state;
    static const struct {
        enum hypervisor hypervisor;
        enum solo5_target target;
        enum kernel_fit fit;
    } cases[] = {
        {HYPERVISOR_HVT, SOLO5_TARGET_HVT, KERNEL_LOADS},
        {HYPERVISOR_HVT, SOLO5_TARGET_SPT, KERNEL_REFUSED},
        {HYPERVISOR_SPT, SOLO5_TARGET_SPT, KERNEL_LOADS},
        {HYPERVISOR_SPT, SOLO5_TARGET_NONE, KERNEL_REFUSED},
        {HYPERVISOR_QEMU, SOLO5_TARGET_VIRTIO, KERNEL_LOADS},
        {HYPERVISOR_QEMU, SOLO5_TARGET_HVT, KERNEL_REFUSED},
        {HYPERVISOR_FIRECRACKER, SOLO5_TARGET_VIRTIO, KERNEL_REFUSED},
        {HYPERVISOR_CLOUD_HYPERVISOR, SOLO5_TARGET_VIRTIO, KERNEL_REFUSED},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct error error = {0};
        struct kernel_probe kernel = {.formats = KERNEL_ELF | KERNEL_MULTIBOOT1, .architecture = "amd64"};
        kernel.solo5_target = cases[i].target;
        if (cases[i].target != SOLO5_TARGET_NONE)
            kernel.formats |= KERNEL_SOLO5;
        assert_int_equal(hypervisor_check_kernel(cases[i].hypervisor, &kernel, "/k", &error), cases[i].fit);
        error_clear(&error);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(frameworks_have_names_both_ways),
        cmocka_unit_test(hypervisors_have_names_both_ways),
        cmocka_unit_test(a_hypervisor_loads_what_it_can),
        cmocka_unit_test(a_solo5_kernel_runs_on_its_own_target),
        cmocka_unit_test(a_solo5_kernel_for_virtio_must_be_one_that_is_loaded),
        cmocka_unit_test(an_initrd_is_an_archive_or_the_application),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
