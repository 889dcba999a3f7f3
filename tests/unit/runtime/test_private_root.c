/* The private root: what it holds, and that nothing else can be reached from it. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

#include "formats/base/cleanup.h"
#include "runtime/sandbox/mounts.h"
#include "runtime/sandbox/root/private_root.h"
#include "tests/unit/fixtures/isolated.h"

#define PROGRAM "/usr/bin/env"

static struct temporary *temporary;

/* A mount is copied in the mount namespace that it was opened in. */
static void reopen_temporary(void)
{
    temporary->fd = open(temporary->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    expect(temporary->fd >= 0 && fchdir(temporary->fd) == 0);
}

static void write_text(const char *name, const char *text, mode_t mode)
{
    int fd = openat(temporary->fd, name, O_CREAT | O_WRONLY | O_CLOEXEC, mode);
    expect(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
    close(fd);
}

static int open_file(const char *name)
{
    int fd = openat(temporary->fd, name, O_RDONLY | O_CLOEXEC);
    expect(fd >= 0);
    return fd;
}

static bool holds(const char *path, const char *text)
{
    char bytes[64] = "";
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd >= 0 ? read(fd, bytes, sizeof bytes - 1) : -1;
    close(fd);
    return got >= 0 && strcmp(bytes, text) == 0;
}

static unsigned long mount_flags(const char *path)
{
    struct statvfs status;
    expect(statvfs(path, &status) == 0);
    return status.f_flag;
}

static void enter_whole(void)
{
    cleanup_error struct error error = {0};
    cleanup_strings struct strings data = {0}, devices = {0}, own_devices = {0};
    reopen_temporary();
    bool makes_nodes = mknodat(temporary->fd, "node", S_IFCHR | 0600, makedev(1, 7)) == 0;
    write_text("kernel", "a kernel", 0644);
    write_text("initrd", "an initrd", 0);
    strings_add(&data, "/etc/os-release");
    strings_add(&devices, "/dev/full");
    strings_add(&devices, "/dev/random");
    strings_add(&own_devices, "/dev/random");
    int kernel = open_file("kernel"), initrd = open_file("initrd");
    int generated = -1;
    struct private_mount mount = {mount_detached_fd(kernel, "kernel", 0, &error), "/guest/kernel"};
    struct private_copy copies[] = {
        {.fd = initrd, .behind = -1, .path = "/guest/initrd"},
        {.fd = initrd, .length = 3, .behind = kernel, .path = "/guest/both"},
        {.fd = -1, .behind = kernel, .path = "/guest/behind"},
    };
    struct private_root root = {.program = PROGRAM,
                                .data = &data,
                                .devices = &devices,
                                .own_devices = &own_devices,
                                .mounts = &mount,
                                .mount_count = 1,
                                .copies = copies,
                                .copy_count = 3,
                                .generated = &generated,
                                .uid = 1234,
                                .gid = 1235};
    struct stat outside, host;
    expect(stat("/", &host) == 0);
    expect(private_root_enter(&root, &error) == 0);
    expect(generated >= 0);

    expect(holds("/guest/kernel", "a kernel") && holds("/guest/initrd", "an initrd"));
    expect(holds("/guest/both", "an a kernel") && holds("/guest/behind", "a kernel"));
    expect(access(PROGRAM, X_OK) == 0 && access("/etc/os-release", R_OK) == 0);
    expect(access("/dev/full", F_OK) == 0 && access("/dev/null", F_OK) == 0);
    expect(access("/etc/passwd", F_OK) < 0 && access("/proc/self", F_OK) < 0);
    expect(stat("/..", &outside) == 0 && outside.st_dev != host.st_dev);
    expect(access(temporary->path, F_OK) < 0);

    expect(mkdir("/new", 0755) < 0 && errno == EROFS);
    expect(open("/guest/kernel", O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
    expect((mount_flags("/") & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC)) ==
           (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC));
    expect((mount_flags(PROGRAM) & (ST_RDONLY | ST_NOSUID | ST_NOEXEC)) == (ST_RDONLY | ST_NOSUID));
    expect((mount_flags("/guest/kernel") & (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC)) ==
           (ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC));
    struct stat status;
    expect(stat("/guest/initrd", &status) == 0 && (status.st_mode & 07777) == 0444);

    expect(stat("/dev/random", &status) == 0 && S_ISCHR(status.st_mode) && status.st_rdev == makedev(1, 8));
    expect(!makes_nodes ||
           (status.st_uid == 1234 && status.st_gid == 1235 && (status.st_mode & 07777) == 0600));
    expect((mount_flags("/dev/random") & (ST_NOSUID | ST_NODEV | ST_NOEXEC)) == (ST_NOSUID | ST_NOEXEC));

    /* What is generated later is written by somebody without privileges. */
    expect(setresgid(1235, 1235, 1235) == 0 && setresuid(1234, 1234, 1234) == 0);
    cleanup_close int device = open("/dev/random", O_RDWR | O_CLOEXEC);
    expect(device >= 0);
    umask(0777);
    expect(private_root_generate(generated, "/generated/vm.json", "{}", 2, &error) == 0);
    expect(holds("/generated/vm.json", "{}"));
    expect(stat("/generated/vm.json", &status) == 0 && (status.st_mode & 07777) == 0444);
    const char *const wrong[] = {"/generated/vm.json", "/generated/", "/generated/a/b",
                                 "/generated/../x",    "/guest/x",    "vm.json"};
    expect(private_root_generate(-1, "/generated/more", "", 0, &error) == -1);
    error_clear(&error);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        expect(private_root_generate(generated, wrong[i], "", 0, &error) == -1);
        error_clear(&error);
    }
    expect(open("/generated/other", O_CREAT | O_WRONLY | O_CLOEXEC, 0644) < 0 && errno == EROFS);
    expect(fstatat(generated, "../..", &outside, 0) == 0 && fstat(generated, &status) == 0);
    expect(outside.st_ino == status.st_ino);
}

static void a_root_holds_what_was_asked_for_and_leads_nowhere(void **state)
{
    temporary = *state;
    run_isolated(CLONE_NEWNS, enter_whole);
}

static void refuse(struct private_root root, const char *message)
{
    cleanup_error struct error error = {0};
    expect(private_root_enter(&root, &error) == -1);
    expect(error.message != NULL);
    if (strstr(error.message, message) == NULL)
        fprintf(stderr, "%s\n", error.message);
    expect(strstr(error.message, message) != NULL);
}

static void enter_missing_program(void)
{
    refuse((struct private_root){.program = "/nowhere/qemu"}, "/nowhere/qemu");
}

static void enter_missing_data(void)
{
    cleanup_strings struct strings data = {0};
    strings_add(&data, "/nowhere/bios.bin");
    refuse((struct private_root){.program = PROGRAM, .data = &data},
           "the monitor needs: /nowhere/bios.bin: No such file");
}

static void enter_missing_device(void)
{
    cleanup_strings struct strings devices = {0};
    strings_add(&devices, "/dev/none");
    refuse((struct private_root){.program = PROGRAM, .devices = &devices}, "/dev/none");
}

static void enter_dotted_program(void)
{
    refuse((struct private_root){.program = "/usr/bin/../bin/env"}, "not a path for the monitor's root");
}

static void enter_directory_as_copy(void)
{
    const struct private_copy copy = {.fd = temporary->fd, .behind = -1, .path = "/guest/kernel"};
    refuse((struct private_root){.program = PROGRAM, .copies = &copy, .copy_count = 1},
           "cannot copy to the monitor's /guest/kernel");
}

static void what_is_missing_is_named(void **state)
{
    temporary = *state;
    run_isolated(CLONE_NEWNS, enter_missing_program);
    run_isolated(CLONE_NEWNS, enter_missing_data);
    run_isolated(CLONE_NEWNS, enter_missing_device);
    run_isolated(CLONE_NEWNS, enter_dotted_program);
    run_isolated(CLONE_NEWNS, enter_directory_as_copy);
}

static void mount_recursively(void)
{
    cleanup_error struct error error = {0};
    reopen_temporary();
    expect(mkdir("tree", 0755) == 0 && mkdir("tree/sub", 0755) == 0);
    expect(mount("none", "tree/sub", "tmpfs", 0, NULL) == 0 && mkdir("tree/sub/inner", 0755) == 0);
    int directory = open("tree", O_PATH | O_DIRECTORY | O_CLOEXEC);
    int flat = mount_detached_fd(directory, "tree", 0, &error);
    int whole = mount_detached_fd(directory, "tree", MOUNT_RECURSIVE | MOUNT_WRITABLE, &error);
    expect(flat >= 0 && whole >= 0);
    expect(faccessat(flat, "sub/inner", F_OK, 0) < 0 && faccessat(whole, "sub/inner", F_OK, 0) == 0);
    expect(mkdirat(flat, "new", 0755) < 0 && errno == EROFS);
    expect(mkdirat(whole, "new", 0755) == 0);
    expect(mount_attach(whole, AT_FDCWD, "/", &error) == 0 && mount_pivot(whole, &error) == 0);
    expect(access("/sub/inner", F_OK) == 0 && access("/etc", F_OK) < 0 && access("/../../etc", F_OK) < 0);
    /* Not even a chroot into a directory and back leads out of it. */
    expect(chroot("/sub") == 0 && chdir("../../..") == 0 && access("etc", F_OK) < 0);
    expect(mount_detached_path("/etc", 0, &error) == -1 && error.number == ENOENT);
    error_clear(&error);
    expect(mount_attach(flat, AT_FDCWD, "/none", &error) == -1);
    error_clear(&error);
    expect(mount_seal(-1, &error) == -1);
    error_clear(&error);
    expect(mount_pivot(-1, &error) == -1);
}

static void a_pivot_into_a_tree_leaves_no_way_back(void **state)
{
    temporary = *state;
    run_isolated(CLONE_NEWNS, mount_recursively);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_root_holds_what_was_asked_for_and_leads_nowhere),
        with_temporary(what_is_missing_is_named),
        with_temporary(a_pivot_into_a_tree_leaves_no_way_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
