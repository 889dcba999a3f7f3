/* The guest's files: opened beneath the rootfs or not at all. */
#include "runtime/storage/storage.h"

#include <errno.h>

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

struct rootfs {
    struct temporary temporary;
    struct unikernel unikernel;
    struct guest_files files;
    struct error error;
};

static void put_file(const struct rootfs *rootfs, const char *name, off_t size)
{
    cleanup_close int fd = openat(rootfs->temporary.fd, name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
}

static int setup(void **state)
{
    struct rootfs *rootfs = calloc(1, sizeof *rootfs);
    assert_non_null(rootfs);
    assert_int_equal(temporary_begin(&rootfs->temporary), 0);
    rootfs->files = GUEST_FILES_NONE;
    put_file(rootfs, "kernel", 10);
    put_file(rootfs, "initrd", 10);
    put_file(rootfs, "disk", 1024);
    static char binary[] = "/kernel";
    rootfs->unikernel.binary = binary;
    *state = rootfs;
    return 0;
}

static int teardown(void **state)
{
    struct rootfs *rootfs = *state;
    guest_files_close(&rootfs->files);
    error_clear(&rootfs->error);
    int result = temporary_end(&rootfs->temporary);
    free(rootfs);
    return result;
}

static int open_files(struct rootfs *rootfs, bool readonly)
{
    return guest_files_open(rootfs->temporary.fd, &rootfs->unikernel, readonly, &rootfs->files,
                            &rootfs->error);
}

static void assert_refused(struct rootfs *rootfs, const char *message)
{
    assert_int_equal(open_files(rootfs, false), -1);
    assert_string_equal(rootfs->error.message, message);
    assert_int_equal(rootfs->files.binary, -1);
    assert_int_equal(rootfs->files.initrd, -1);
    assert_int_equal(rootfs->files.disk_count, 0);
}

static int access_mode(int fd)
{
    return fcntl(fd, F_GETFL) & O_ACCMODE;
}

static void a_block_image_is_writable_and_the_rest_is_not(void **state)
{
    struct rootfs *rootfs = *state;
    char initrd[] = "/initrd";
    char disk[] = "/disk";
    rootfs->unikernel.initrd = initrd;
    rootfs->unikernel.block = disk;
    assert_int_equal(open_files(rootfs, false), 0);
    assert_int_equal(access_mode(rootfs->files.binary), O_RDONLY);
    assert_int_equal(access_mode(rootfs->files.initrd), O_RDONLY);
    assert_int_equal(access_mode(rootfs->files.disks[0].fd), O_RDWR);
    assert_false(rootfs->files.disks[0].readonly);
    assert_true(fcntl(rootfs->files.binary, F_GETFD) & FD_CLOEXEC);
}

static void a_read_only_rootfs_has_a_read_only_block_image(void **state)
{
    struct rootfs *rootfs = *state;
    char disk[] = "/disk";
    rootfs->unikernel.block = disk;
    assert_int_equal(open_files(rootfs, true), 0);
    assert_int_equal(access_mode(rootfs->files.disks[0].fd), O_RDONLY);
    assert_true(rootfs->files.disks[0].readonly);
}

static void what_is_not_named_is_not_opened(void **state)
{
    struct rootfs *rootfs = *state;
    assert_int_equal(open_files(rootfs, false), 0);
    assert_int_equal(rootfs->files.initrd, -1);
    assert_int_equal(rootfs->files.disk_count, 0);
}

static void a_missing_file_is_named_with_its_annotation(void **state)
{
    struct rootfs *rootfs = *state;
    char initrd[] = "/gone";
    rootfs->unikernel.initrd = initrd;
    assert_refused(rootfs, "com.urunc.unikernel.initrd: /gone: No such file or directory");
    assert_int_equal(rootfs->error.number, ENOENT);
}

static void nothing_outside_of_the_rootfs_is_opened(void **state)
{
    struct rootfs *rootfs = *state;
    assert_int_equal(symlinkat("/etc/passwd", rootfs->temporary.fd, "link"), 0);
    char link[] = "/link";
    char dots[] = "/../../../../../../etc/passwd";
    rootfs->unikernel.initrd = link;
    assert_refused(rootfs, "com.urunc.unikernel.initrd: /link: No such file or directory");
    rootfs->unikernel.initrd = dots;
    assert_refused(rootfs,
                   "com.urunc.unikernel.initrd: /../../../../../../etc/passwd: No such file or directory");
}

static void only_regular_files_are_opened(void **state)
{
    struct rootfs *rootfs = *state;
    assert_int_equal(mkfifoat(rootfs->temporary.fd, "fifo", 0600), 0);
    char fifo[] = "/fifo";
    char directory[] = "/";
    rootfs->unikernel.initrd = fifo;
    assert_refused(rootfs, "com.urunc.unikernel.initrd: /fifo: not a regular file");
    rootfs->unikernel.initrd = directory;
    assert_refused(rootfs, "com.urunc.unikernel.initrd: /: not a regular file");
}

static void a_block_image_is_whole_sectors(void **state)
{
    struct rootfs *rootfs = *state;
    char odd[] = "/kernel";
    rootfs->unikernel.block = odd;
    assert_refused(rootfs,
                   "com.urunc.unikernel.block: /kernel: 10 bytes are not a whole number of 512-byte sectors");
    put_file(rootfs, "kernel", 0);
    assert_refused(rootfs,
                   "com.urunc.unikernel.block: /kernel: 0 bytes are not a whole number of 512-byte sectors");
}

static void disks_with_names_follow_the_one_without(void **state)
{
    struct rootfs *rootfs = *state;
    put_file(rootfs, "log", 512);
    put_file(rootfs, "cache", 4096);
    char disk[] = "/disk", blocks[] = "log=/log,cache=/cache";
    rootfs->unikernel.block = disk;
    rootfs->unikernel.blocks = blocks;
    assert_int_equal(open_files(rootfs, false), 0);
    assert_int_equal(rootfs->files.disk_count, 3);
    assert_null(rootfs->files.disks[0].name);
    assert_string_equal(rootfs->files.disks[1].name, "log");
    assert_string_equal(rootfs->files.disks[2].path, "/cache");
    struct stat status;
    assert_int_equal(fstat(rootfs->files.disks[2].fd, &status), 0);
    assert_int_equal(status.st_size, 4096);
}

static void no_file_is_two_disks(void **state)
{
    struct rootfs *rootfs = *state;
    assert_int_equal(linkat(rootfs->temporary.fd, "disk", rootfs->temporary.fd, "again", 0), 0);
    char disk[] = "/disk", blocks[] = "log=/again";
    rootfs->unikernel.block = disk;
    rootfs->unikernel.blocks = blocks;
    assert_refused(rootfs, "com.urunc.unikernel.blocks: /again: the same file as the disk /disk");
}

static void sectors_have_the_size_that_the_image_says(void **state)
{
    struct rootfs *rootfs = *state;
    char disk[] = "/disk";
    rootfs->unikernel.block = disk;
    rootfs->unikernel.sector_size = 1024;
    assert_int_equal(open_files(rootfs, false), 0);
    guest_files_close(&rootfs->files);
    rootfs->unikernel.sector_size = 4096;
    assert_refused(
        rootfs, "com.urunc.unikernel.block: /disk: 1024 bytes are not a whole number of 4096-byte sectors");
}

static void a_disk_with_a_name_is_whole_sectors_too(void **state)
{
    struct rootfs *rootfs = *state;
    char blocks[] = "log=/kernel";
    rootfs->unikernel.blocks = blocks;
    assert_refused(
        rootfs, "com.urunc.unikernel.blocks: /kernel: 10 bytes are not a whole number of 512-byte sectors");
}

#define storage_test(function) cmocka_unit_test_setup_teardown(function, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        storage_test(a_block_image_is_writable_and_the_rest_is_not),
        storage_test(a_read_only_rootfs_has_a_read_only_block_image),
        storage_test(what_is_not_named_is_not_opened),
        storage_test(a_missing_file_is_named_with_its_annotation),
        storage_test(nothing_outside_of_the_rootfs_is_opened),
        storage_test(only_regular_files_are_opened),
        storage_test(a_block_image_is_whole_sectors),
        storage_test(disks_with_names_follow_the_one_without),
        storage_test(no_file_is_two_disks),
        storage_test(a_disk_with_a_name_is_whole_sectors_too),
        storage_test(sectors_have_the_size_that_the_image_says),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
