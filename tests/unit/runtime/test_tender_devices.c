/* Taps that the tender takes and refuses. Each test works in a network namespace of its own, where one can be
 * made. The rest of what is looked at is seen by tests/tender. */
#include "tests/unit/fixtures/temporary.h"

#include <linux/if_tun.h>
#include <net/if.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

#include "runtime/monitors/spt/devices.h"

/* An opened tap or tun of a new namespace, or -1 where this machine lets us have none. */
static int open_interface(short flags)
{
    struct ifreq request = {.ifr_flags = flags};
    if (unshare(CLONE_NEWNET) < 0)
        return -1;
    int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);
    if (fd >= 0 && ioctl(fd, TUNSETIFF, &request) < 0) {
        close(fd);
        return -1;
    }
    return fd;
}

static void check(short flags, const char *message)
{
    int fd = open_interface(flags);
    if (fd < 0) {
        print_message("no tap can be made here\n");
        skip();
    }
    struct error error = {0};
    struct spt_options options = {.device_count = 1, .devices = {{.name = "net", .fd = fd}}};
    char expected[128];
    snprintf(expected, sizeof expected, "--net:net: descriptor %d %s", fd, message);
    int result = spt_devices_check(&options, &error);
    assert_int_equal(result, *message == '\0' ? 0 : -1);
    if (result < 0)
        assert_string_equal(error.message, expected);
    else
        assert_true(fcntl(fd, F_GETFL) & O_NONBLOCK);
    error_clear(&error);
    close(fd);
}

static void test_a_tap_with_bare_frames(void **state)
{
    (void)state;
    check(IFF_TAP | IFF_NO_PI, "");
}

static void test_a_tap_with_a_header(void **state)
{
    (void)state;
    check(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR, "is a tap with a vnet header (IFF_VNET_HDR)");
}

static void test_a_tun(void **state)
{
    (void)state;
    check(IFF_TUN | IFF_NO_PI, "is no tap, it is a tun");
}

/* The kernel's manifest declares `count` devices; the command line has none of them. */
static void test_a_manifest_has_a_reserved_entry_first(void **state)
{
    (void)state;
    const struct kernel_probe none = {.solo5_device_count = 0};
    const struct spt_options options = {.device_count = 0};
    struct spt_manifest manifest;
    struct error error = {0};
    assert_int_equal(spt_devices_attach(&options, &none, &manifest, &error), 0);
    assert_int_equal(manifest.version, 1);
    assert_int_equal(manifest.count, 1);
    assert_int_equal(manifest.entries[0].type, 1u << 30);
    assert_false(manifest.entries[0].attached);
}

static void test_a_device_of_the_other_kind_is_another(void **state)
{
    (void)state;
    const struct kernel_probe kernel = {.solo5_device_count = 1, .solo5_devices = {{"data", true}}};
    const struct spt_options options = {.device_count = 1, .devices = {{.name = "data", .fd = 7}}};
    struct spt_manifest manifest;
    struct error error = {0};
    assert_int_equal(spt_devices_attach(&options, &kernel, &manifest, &error), -1);
    assert_string_equal(error.message,
                        "the kernel's manifest declares the block device data: --block:data=@FD "
                        "is missing");
    error_clear(&error);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_a_tap_with_bare_frames),
        cmocka_unit_test(test_a_tap_with_a_header),
        cmocka_unit_test(test_a_tun),
        cmocka_unit_test(test_a_manifest_has_a_reserved_entry_first),
        cmocka_unit_test(test_a_device_of_the_other_kind_is_another),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
