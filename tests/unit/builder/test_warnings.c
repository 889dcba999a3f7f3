/* What a build only warns of, and the fit of kernel, hypervisor and device names. */
#include "builder/build/kernel_check.h"
#include "tests/unit/fixtures/builder_fixture.h"

/* The warnings of a build that succeeds. */
static char *warnings_of(struct fixture *fixture, const char *spec)
{
    char *text = NULL;
    size_t length;
    fixture->options.log = open_memstream(&text, &length);
    int result = run_build(fixture, spec);
    fclose(fixture->options.log);
    fixture->options.log = NULL;
    if (result < 0)
        fail_msg("%s", fixture->error.message);
    return text;
}

#define UNIKERNEL "FROM scratch\nUNIKERNEL generic\nMONITOR qemu\nKERNEL kernel\n"

static void build_args_that_nothing_asks_for_are_told(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    static const char *const given[] = {"GLOBAL=1",     "STAGE=1",    "DEFAULT=1",           "OTHER=1",
                                        "HTTP_PROXY=1", "TARGETOS=1", "SOURCE_DATE_EPOCH=1", "STAG=1"};
    for (size_t i = 0; i < sizeof given / sizeof *given; i++)
        strings_add(&fixture->options.arguments, given[i]);
    fixture->options.log = NULL;
    cleanup_free char *text =
        warnings_of(fixture, "ARG GLOBAL\nFROM scratch AS unused\nARG STAGE\n" UNIKERNEL "ARG DEFAULT=2\n");
    cleanup_strings struct strings lines = {0};
    for (char *rest = text, *line; (line = strsep(&rest, "\n")) != NULL;)
        if (strstr(line, "--build-arg") != NULL)
            strings_add(&lines, line);
    assert_int_equal(lines.count, 2);
    assert_string_equal(lines.items[0],
                        "urunc-build: warning: --build-arg OTHER: no ARG of Containerfile asks for it");
    assert_string_equal(lines.items[1],
                        "urunc-build: warning: --build-arg STAG: no ARG of Containerfile asks for it");
    strings_free(&fixture->options.arguments);
}

static void a_kernel_that_may_not_load_is_told(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel"); /* an ELF without multiboot or PVH */
    cleanup_free char *text = warnings_of(fixture, UNIKERNEL);
    assert_string_equal(
        text, "Containerfile:4: warning: /boot/kernel is ELF x86-64, but qemu loads multiboot, PVH or "
              "bzImage\n");
}

/* Multiboot's header in the first bytes of an ELF file: a kernel that no warning is about. */
static void put_multiboot_kernel(struct fixture *fixture, const char *path)
{
    static const unsigned char header[12] = {0x02, 0xb0, 0xad, 0x1b, 0, 0, 0, 0, 0xfe, 0x4f, 0x52, 0xe4};
    unsigned char elf[76] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    elf[16] = 2;
    elf[18] = 62;
    elf[20] = 1;
    elf[52] = 64;
    elf[54] = 56;
    memcpy(elf + 64, header, sizeof header);
    put_bytes(fixture, path, elf, sizeof elf);
}

static void a_path_that_others_refuse_is_told(void **state)
{
    struct fixture *fixture = *state;
    put_multiboot_kernel(fixture, "kernel");
    cleanup_free char *plain = warnings_of(fixture, UNIKERNEL);
    assert_string_equal(plain, "");
    cleanup_free char *text =
        warnings_of(fixture, "FROM scratch\nUNIKERNEL generic\nMONITOR qemu\nKERNEL --dest=/a+b kernel\n");
    assert_string_equal(text,
                        "Containerfile:4: warning: com.urunc.unikernel.binary: \"/a+b\": other runtimes "
                        "refuse characters beside letters, digits, '.', '_', '-' and '/'\n");
}

static void only_a_linux_guest_needs_a_command(void **state)
{
    struct fixture *fixture = *state;
    put_multiboot_kernel(fixture, "kernel");
    cleanup_free char *text =
        warnings_of(fixture, "FROM scratch\nUNIKERNEL linux\nMONITOR qemu\nKERNEL kernel\n");
    assert_string_equal(text,
                        "Containerfile:2: warning: a Linux guest without CMD or ENTRYPOINT does not boot, "
                        "unless its container is given a command\n");
}

static const struct kernel_probe tender = {
    .formats = KERNEL_ELF | KERNEL_SOLO5,
    .solo5_target = SOLO5_TARGET_HVT,
    .solo5_devices = {{"web", false}, {"data", true}, {"more", true}},
    .solo5_device_count = 3,
};

static void devices_must_be_in_the_manifest(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct unikernel unikernel = {.framework = FRAMEWORK_MIRAGE, .hypervisor = HYPERVISOR_HVT};
    unikernel.binary = (char *)"/k";
    assert_null(kernel_check(&unikernel, &tender, "amd64", &error));
    unikernel.solo5_net_device = (char *)"web";
    unikernel.solo5_block_device = (char *)"more";
    assert_null(kernel_check(&unikernel, &tender, "amd64", &error));
    assert_null(error.message);
    unikernel.solo5_net_device = (char *)"data"; /* a block device */
    assert_string_equal(kernel_check(&unikernel, &tender, "amd64", &error),
                        "com.urunc.unikernel.solo5NetDev");
    assert_string_equal(error.message,
                        "data: the kernel's manifest declares no network device of that name; it has: web");
    unikernel.solo5_net_device = NULL;
    unikernel.solo5_block_device = (char *)"dat";
    assert_string_equal(kernel_check(&unikernel, &tender, "amd64", &error),
                        "com.urunc.unikernel.solo5BlkDev");
    assert_string_equal(
        error.message,
        "dat: the kernel's manifest declares no block device of that name; it has: data, more");
}

static void a_kernel_that_cannot_run_blames_a_key(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct unikernel unikernel = {.framework = FRAMEWORK_MIRAGE, .hypervisor = HYPERVISOR_SPT};
    unikernel.binary = (char *)"/k";
    assert_string_equal(kernel_check(&unikernel, &tender, "amd64", &error), "com.urunc.unikernel.binary");
    unikernel.framework = FRAMEWORK_LINUX;
    assert_string_equal(kernel_check(&unikernel, &tender, "amd64", &error), "com.urunc.unikernel.hypervisor");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(build_args_that_nothing_asks_for_are_told),
        TEST(a_kernel_that_may_not_load_is_told),
        TEST(a_path_that_others_refuse_is_told),
        TEST(only_a_linux_guest_needs_a_command),
        cmocka_unit_test(devices_must_be_in_the_manifest),
        cmocka_unit_test(a_kernel_that_cannot_run_blames_a_key),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
