/* Guests with devices on the tender: what they are told of them and may do with them, and what is refused. */
#include "tests/tender/tender.h"

#include <sys/ioctl.h>
#include <sys/socket.h>

enum { FORBIDDEN = 128 + SIGSYS, DISK_SIZE = 8192, OTHER_SIZE = 4096 };

/* Descriptors for the three devices, and their options. */
struct devices {
    int peer; /* of the network device */
    int net;
    int disk;
    int other;
    char options[3][64];
};

static int make_disk(size_t size)
{
    int fd = memfd_create("disk", MFD_CLOEXEC);
    for (size_t at = 0; at < size; at += 512) {
        char block[512];
        snprintf(block, sizeof block, "block %zu", at / 512);
        assert_int_equal(write(fd, block, sizeof block), sizeof block);
    }
    return fcntl(fd, F_DUPFD, 20); /* not close-on-exec */
}

static int make(void **state)
{
    struct devices *devices = calloc(1, sizeof *devices);
    int pair[2];
    assert_int_equal(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair), 0);
    devices->peer = pair[0];
    devices->net = fcntl(pair[1], F_DUPFD, 20);
    close(pair[1]);
    devices->disk = make_disk(DISK_SIZE);
    devices->other = make_disk(OTHER_SIZE);
    snprintf(devices->options[0], sizeof *devices->options, "--net:net=@%d", devices->net);
    snprintf(devices->options[1], sizeof *devices->options, "--block:disk=@%d", devices->disk);
    snprintf(devices->options[2], sizeof *devices->options, "--block:other=@%d", devices->other);
    *state = devices;
    return 0;
}

static int release(void **state)
{
    struct devices *devices = *state;
    close(devices->peer);
    close(devices->net);
    close(devices->disk);
    close(devices->other);
    free(devices);
    return 0;
}

#define ATTACHED(devices, ...)                                                                               \
    WORDS((devices)->options[0], (devices)->options[1], (devices)->options[2], __VA_ARGS__)

static void test_the_guest_is_told_its_devices(void **state)
{
    struct devices *devices = *state;
    struct outcome outcome =
        tender_run(DEVICE_CALLS, ATTACHED(devices, "--net-mac:net=02:00:00:01:02:fe", "--net-mtu:net=9000",
                                          "--block-sector-size:other=2048", "--", "info"));
    assert_int_equal(outcome.status, 0);
    assert_string_equal(strchr(outcome.text, '\n') + 1,
                        "0:  type 0 attached 0\n"
                        "1: net type 2 attached 1 mtu 9000 mac 02 00 00 01 02 fe\n"
                        "2: disk type 1 attached 1 bytes 8192 blocks 512\n"
                        "3: other type 1 attached 1 bytes 4096 blocks 2048\n");
}

/* "mac 0a 01 ...": by chance, of one interface, and of nobody's making. */
static void test_an_address_by_chance(void **state)
{
    struct devices *devices = *state;
    char first[64];
    const char *mac = strstr(tender_run(DEVICE_CALLS, ATTACHED(devices, "--", "info")).text, "mac ");
    snprintf(first, sizeof first, "%.21s", mac);
    assert_int_equal(strtoul(first + 4, NULL, 16) & 3, 2);
    mac = strstr(tender_run(DEVICE_CALLS, ATTACHED(devices, "--", "info")).text, "mac ");
    assert_int_not_equal(strncmp(first, mac, 21), 0);
}

static void test_blocks_are_read(void **state)
{
    struct devices *devices = *state;
    expect_outcome(DEVICE_CALLS,
                   ATTACHED(devices, "--", "call:17:disk:buffer:512:0", "show:buffer:7",
                            "call:17:disk:buffer:512:7680", "show:buffer:8", "call:17:other:buffer:512:3584",
                            "show:buffer:7"),
                   0, "call 17: 512\nblock 0call 17: 512\nblock 15call 17: 512\nblock 7");
}

static void test_blocks_are_written(void **state)
{
    struct devices *devices = *state;
    char text[9] = "";
    expect_outcome(DEVICE_CALLS, ATTACHED(devices, "--", "call:18:disk:constant:512:7680"), 0,
                   "call 18: 512\n");
    assert_int_equal(pread(devices->disk, text, 8, 7680), 8);
    assert_string_equal(text, "constant");
    assert_int_equal(lseek(devices->disk, 0, SEEK_END), DISK_SIZE);
}

static void test_no_call_reaches_beyond_its_disk(void **state)
{
    static const char *const calls[] = {
        "call:17:disk:buffer:512:7681",                 /* ends a byte too late */
        "call:18:disk:buffer:512:7681",                 /* would make the file grow */
        "call:18:disk:buffer:512:8192",                 /* */
        "call:18:other:buffer:512:3585",                /* the other's capacity is its own */
        "call:18:other:buffer:512:7680",                /* */
        "call:18:disk:buffer:512:18446744073709551104", /* -512 */
        "call:18:disk:buffer:512:4294967296",           /* its low 32 bits are small */
        "call:17:disk:buffer:1024:0",                   /* two blocks */
        "call:17:disk:buffer:256:0",                    /* half of one */
        "call:17:disk:buffer:4294967808:0",             /* its low 32 bits are one */
        "call:17:net:buffer:512:0",                     /* no disk */
        "call:0:disk:buffer:512",                       /* read */
        "call:1:disk:buffer:512",                       /* write, where the file's position is */
        "call:77:disk:0",                               /* ftruncate */
        "call:285:disk:0:0:1048576",                    /* fallocate */
        "call:74:disk",                                 /* fsync */
        "call:295:disk:buffer:1:0:0",                   /* preadv */
        "call:8:disk:0:2",                              /* lseek */
    };
    struct devices *devices = *state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct outcome outcome = tender_run(DEVICE_CALLS, ATTACHED(devices, "--", calls[i]));
        if (outcome.status != FORBIDDEN || outcome.text[0] != '\0')
            fail_msg("%s: status %d, printed: %s", calls[i], outcome.status, outcome.text);
    }
    assert_int_equal(lseek(devices->disk, 0, SEEK_END), DISK_SIZE);
    assert_int_equal(lseek(devices->other, 0, SEEK_END), OTHER_SIZE);
}

static void test_a_block_is_of_the_size_that_was_set(void **state)
{
    struct devices *devices = *state;
    const char *size = "--block-sector-size:disk=4096";
    expect_outcome(DEVICE_CALLS, ATTACHED(devices, size, "--", "call:17:disk:buffer:4096:4096"), 0,
                   "call 17: 4096\n");
    expect_outcome(DEVICE_CALLS, ATTACHED(devices, size, "--", "call:17:disk:buffer:512:0"), FORBIDDEN, "");
    expect_outcome(DEVICE_CALLS, ATTACHED(devices, size, "--", "call:17:disk:buffer:4096:4097"), FORBIDDEN,
                   "");
}

static void test_frames_go_both_ways(void **state)
{
    struct devices *devices = *state;
    char frame[64] = "";
    assert_int_equal(write(devices->peer, "from outside", 12), 12);
    /* -11 is EAGAIN: the device does not block. */
    expect_outcome(DEVICE_CALLS,
                   ATTACHED(devices, "--", "call:0:net:buffer:64", "show:buffer:12", "call:0:net:buffer:64",
                            "call:1:net:constant:8"),
                   0, "call 0: 12\nfrom outsidecall 0: -11\ncall 1: 8\n");
    assert_int_equal(read(devices->peer, frame, sizeof frame), 8);
    assert_string_equal(frame, "constant");
}

/* struct epoll_event: EPOLLIN, then the number of the manifest's entry. */
static void test_a_frame_wakes_the_guest(void **state)
{
    struct devices *devices = *state;
    assert_int_equal(write(devices->peer, "frame", 5), 5);
    expect_outcome(
        DEVICE_CALLS,
        ATTACHED(devices, "--", "call:281:epoll:buffer:4:60000:0:8", "show:buffer:1", "load:2097152"), 0,
        "call 281: 1\n\1load: 0\n");
}

static void test_every_declared_device_must_be_there(void **state)
{
    struct devices *devices = *state;
    expect_outcome(DEVICE_CALLS, WORDS(devices->options[0], devices->options[1]), 1,
                   "urunc-spt: the kernel's manifest declares the block device other: --block:other=@FD is "
                   "missing\n");
    expect_outcome(
        DEVICE_CALLS, WORDS(devices->options[1], devices->options[2]), 1,
        "urunc-spt: the kernel's manifest declares the network device net: --net:net=@FD is missing\n");
}

static void test_no_other_device_may_be_there(void **state)
{
    struct devices *devices = *state;
    char text[128];
    snprintf(text, sizeof text, "--block:more=@%d", devices->disk);
    expect_outcome(CALLS, WORDS(text), 1,
                   "urunc-spt: --block:more: the kernel's manifest declares no block device of that name\n");
}

static void expect_disk_refused(int fd, const char *message)
{
    char option[64], text[256];
    snprintf(option, sizeof option, "--block:disk=@%d", fd);
    snprintf(text, sizeof text, "urunc-spt: --block:disk: descriptor %d %s\n", fd, message);
    expect_outcome(CALLS, WORDS(option), 1, text);
}

static void test_what_is_no_disk(void **state)
{
    struct devices *devices = *state;
    char option[64], text[256];
    snprintf(option, sizeof option, "--block:disk=@%d", 900);
    expect_outcome(CALLS, WORDS(option), 1, "urunc-spt: --block:disk: descriptor 900: Bad file descriptor\n");
    expect_disk_refused(devices->net, "is neither a regular file nor a block device");
    assert_int_equal(ftruncate(devices->disk, 8191), 0);
    expect_disk_refused(devices->disk, "has 8191 bytes: must be a multiple of the block size, 512");
    assert_int_equal(ftruncate(devices->disk, 0), 0);
    expect_disk_refused(devices->disk, "has 0 bytes: must be a multiple of the block size, 512");
    snprintf(text, sizeof text, "/proc/self/fd/%d", devices->other);
    int fd = open(text, O_RDWR | O_APPEND);
    expect_disk_refused(fd, "is open for appending");
    close(fd);
    fd = open(text, O_WRONLY);
    expect_disk_refused(fd, "is not open for reading");
    close(fd);
    fd = open(text, O_PATH);
    expect_disk_refused(fd, "is not open for reading");
    close(fd);
}

static void test_what_is_no_network_device(void **state)
{
    struct devices *devices = *state;
    char option[64], text[256];
    int pair[2];
    snprintf(option, sizeof option, "--net:net=@%d", devices->disk);
    snprintf(text, sizeof text, "urunc-spt: --net:net: descriptor %d is neither a tap nor a socket\n",
             devices->disk);
    expect_outcome(CALLS, WORDS(option), 1, text);
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    snprintf(option, sizeof option, "--net:net=@%d", pair[0]);
    snprintf(text, sizeof text,
             "urunc-spt: --net:net: descriptor %d is a socket that does not keep packets apart\n", pair[0]);
    expect_outcome(CALLS, WORDS(option), 1, text);
    close(pair[0]);
    close(pair[1]);
}

/* A copy of the guest with one word of its ABI note changed: 12 bytes behind its type. */
static void expect_kernel_refused(size_t word, uint32_t value, const char *message)
{
    static char bytes[1 << 20];
    char path[] = "/tmp/urunc-test-XXXXXX";
    int source = open(CALLS, O_RDONLY), fd = mkstemp(path);
    ssize_t length = read(source, bytes, sizeof bytes);
    char *note = memmem(bytes, (size_t)length, "ABI1Solo5", 9);
    assert_non_null(note);
    memcpy(note + 12 + word * sizeof value, &value, sizeof value);
    assert_int_equal(write(fd, bytes, (size_t)length), length);
    expect_outcome(path, WORDS("--", "exit:9"), 1, message);
    unlink(path);
    close(source);
    close(fd);
}

static void test_kernels_of_another_abi(void **state)
{
    (void)state;
    expect_kernel_refused(0, 1, "urunc-spt: kernel: a Solo5 unikernel for hvt, not for spt\n");
    expect_kernel_refused(1, 3, "urunc-spt: kernel: built for version 3 of Solo5's spt ABI: must be 2\n");
    expect_kernel_refused(1, 1, "urunc-spt: kernel: built for version 1 of Solo5's spt ABI: must be 2\n");
}

static void test_what_is_no_kernel(void **state)
{
    (void)state;
    expect_outcome("/", WORDS("--"), 1, "urunc-spt: kernel: not a regular file\n");
    expect_outcome("/dev/null", WORDS("--"), 1, "urunc-spt: kernel: not a regular file\n");
    expect_outcome("/bin/sh", WORDS("--"), 1, "urunc-spt: kernel: no Solo5 unikernel: it has no ABI note\n");
    expect_outcome(CALLS, WORDS("--kernel=@900"), 1, "urunc-spt: --kernel: given twice\n");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(test_the_guest_is_told_its_devices, make, release),
        cmocka_unit_test_setup_teardown(test_an_address_by_chance, make, release),
        cmocka_unit_test_setup_teardown(test_blocks_are_read, make, release),
        cmocka_unit_test_setup_teardown(test_blocks_are_written, make, release),
        cmocka_unit_test_setup_teardown(test_no_call_reaches_beyond_its_disk, make, release),
        cmocka_unit_test_setup_teardown(test_a_block_is_of_the_size_that_was_set, make, release),
        cmocka_unit_test_setup_teardown(test_frames_go_both_ways, make, release),
        cmocka_unit_test_setup_teardown(test_a_frame_wakes_the_guest, make, release),
        cmocka_unit_test_setup_teardown(test_every_declared_device_must_be_there, make, release),
        cmocka_unit_test_setup_teardown(test_no_other_device_may_be_there, make, release),
        cmocka_unit_test_setup_teardown(test_what_is_no_disk, make, release),
        cmocka_unit_test_setup_teardown(test_what_is_no_network_device, make, release),
        cmocka_unit_test(test_kernels_of_another_abi),
        cmocka_unit_test(test_what_is_no_kernel),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
