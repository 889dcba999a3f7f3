/* Whole builds: the contract of annotations, the guest's init, archives, and the image that comes out. */
#include "builder/build/guest_init.h"
#include "tests/unit/fixtures/builder_fixture.h"

#define UNIKERNEL "FROM scratch\nUNIKERNEL generic\nMONITOR firecracker\nKERNEL kernel\n"
#define LINUX     "FROM scratch\nUNIKERNEL linux\nMONITOR firecracker\nKERNEL kernel\n"
#define PREFIX    "com.urunc.unikernel."

static void assert_builds(struct fixture *fixture, const char *text)
{
    if (run_build(fixture, text) < 0)
        fail_msg("%s", fixture->error.message);
}

static void assert_build_fails(struct fixture *fixture, const char *text, int line, const char *expected)
{
    assert_int_equal(run_build(fixture, text), -1);
    assert_error(fixture, line, expected);
    assert_null(fixture->image.manifest);
}

static json_t *config_of(const struct fixture *fixture)
{
    return json_loads(fixture->image.config, 0, NULL);
}

static const char *text_at(const json_t *json, const char *object, const char *key)
{
    return json_string_value(json_object_get(json_object_get(json, object), key));
}

static void check_array(const json_t *json, const char *key, const char *expected)
{
    cleanup_free char *text =
        json_dumps(json_object_get(json_object_get(json, "config"), key), JSON_COMPACT | JSON_ENCODE_ANY);
    assert_string_equal(text != NULL ? text : "absent", expected);
}

/* ---- the contract ---- */

static void annotations_stand_in_manifest_labels_and_urunc_json(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    assert_builds(fixture, UNIKERNEL "CMD [\"a b\"]\n");
    cleanup_json json_t *manifest = json_loads(fixture->image.manifest, 0, NULL);
    cleanup_json json_t *config = config_of(fixture);
    assert_string_equal(text_at(manifest, "annotations", PREFIX "unikernelType"), "generic");
    assert_string_equal(text_at(manifest, "annotations", PREFIX "hypervisor"), "firecracker");
    assert_string_equal(text_at(manifest, "annotations", PREFIX "binary"), "/boot/kernel");
    assert_string_equal(text_at(json_object_get(config, "config"), "Labels", PREFIX "binary"),
                        "/boot/kernel");
    assert_string_equal(json_string_value(json_object_get(config, "architecture")), "amd64");
    assert_int_equal(fixture->image.layer_count, 2); /* the kernel, and /urunc.json */
    check_array(config, "Cmd", "[\"a b\"]");
    check_array(config, "Entrypoint", "absent");
}

static void labels_alone_make_a_unikernel(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    assert_builds(fixture,
                  "FROM scratch\nCOPY kernel /unikernel/k\nLABEL \"" PREFIX "binary\"=/unikernel/k\n"
                  "LABEL \"" PREFIX "unikernelType\"=\"unikraft\" \"" PREFIX "hypervisor\"=\"firecracker\"\n"
                  "LABEL " PREFIX "useDMBlock=true " PREFIX "cmdline=\"\"\n");
    cleanup_json json_t *manifest = json_loads(fixture->image.manifest, 0, NULL);
    cleanup_json json_t *config = config_of(fixture);
    const json_t *labels = json_object_get(json_object_get(config, "config"), "Labels");
    assert_string_equal(text_at(manifest, "annotations", PREFIX "binary"), "/unikernel/k");
    assert_string_equal(text_at(manifest, "annotations", PREFIX "mountRootfs"), "true");
    assert_null(json_object_get(labels, PREFIX "useDMBlock"));
    assert_null(json_object_get(labels, PREFIX "cmdline"));
}

static void wrong_values_are_told_at_their_line(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL solaris\n", 2,
                       "UNIKERNEL \"solaris\": must be a known framework");
    assert_build_fails(fixture, "FROM scratch\nMONITOR bochs\n", 2,
                       "MONITOR \"bochs\": must be a known hypervisor");
    assert_build_fails(fixture, "FROM scratch\n\nLABEL " PREFIX "binary=../x\n", 3,
                       "must be an absolute path");
    assert_build_fails(fixture, "FROM scratch\nLABEL " PREFIX "mountRootfs=perhaps\n", 2,
                       "must be true or false");
}

static void what_is_missing_is_told(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL generic\nKERNEL kernel\n", 2, "write MONITOR");
    assert_build_fails(fixture, "FROM scratch\nMONITOR qemu\nKERNEL kernel\n", 2, "write UNIKERNEL");
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL generic\nMONITOR qemu\n", 2, "write KERNEL");
}

static void a_pair_that_cannot_run_is_told_at_the_monitor(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    assert_build_fails(fixture, "FROM scratch\nMONITOR qemu\nUNIKERNEL rumprun\nKERNEL kernel\n", 2,
                       "rumprun does not run on qemu");
}

static void a_pair_that_was_stated_by_label_is_a_warning(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
#define LABELS "COPY kernel /k\nLABEL " PREFIX "binary=/k\n"
    assert_builds(fixture, "FROM scratch\n" LABELS "LABEL " PREFIX "unikernelType=rumprun\nLABEL " PREFIX
                           "hypervisor=qemu\n");
    assert_build_fails(fixture,
                       "FROM scratch\n" LABELS "LABEL " PREFIX "unikernelType=rumprun\nMONITOR qemu\n", 5,
                       "rumprun does not run on qemu");
    assert_build_fails(fixture,
                       "FROM scratch\n" LABELS "UNIKERNEL rumprun\nLABEL " PREFIX "hypervisor=qemu\n", 5,
                       "rumprun does not run on qemu");
    /* An instruction that comes later has the word. */
    assert_build_fails(fixture,
                       "FROM scratch\n" LABELS "LABEL " PREFIX "unikernelType=rumprun\nLABEL " PREFIX
                       "hypervisor=qemu\nMONITOR qemu\n",
                       6, "rumprun does not run on qemu");
#undef LABELS
}

static void files_must_be_in_the_image(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    put_file(fixture, "d/x", "");
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL generic\nMONITOR qemu\nLABEL " PREFIX "binary=/k\n",
                       4, "/k: not in the image");
    assert_build_fails(fixture, UNIKERNEL "LABEL " PREFIX "initrd=/none\n", 5, "/none: not in the image");
    assert_build_fails(fixture, UNIKERNEL "COPY d /d/\nLABEL " PREFIX "block=/d\n", 6,
                       "/d: not a regular file");
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL generic\nMONITOR qemu\nKERNEL d\n", 4,
                       "d: not a file");
    put_file(fixture, "empty", "");
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL generic\nMONITOR qemu\nKERNEL empty\n", 4,
                       "an empty file");
}

static void the_kernel_decides_the_platform(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    put_file(fixture, "text", "no kernel at all");
    struct platform arm = {(char[]){"linux"}, (char[]){"arm64"}, NULL};
    fixture->options.platform = &arm;
    assert_build_fails(fixture, UNIKERNEL, 4, "a kernel for amd64, which contradicts --platform linux/arm64");
    assert_builds(fixture, "FROM scratch\nUNIKERNEL generic\nMONITOR firecracker\nKERNEL text\n");
    fixture->options.platform = NULL;
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL generic\nMONITOR firecracker\nKERNEL text\n", 4,
                       "does not tell its architecture");
    assert_build_fails(
        fixture,
        "FROM --platform=linux/arm64 scratch\nUNIKERNEL generic\nMONITOR firecracker\nKERNEL kernel\n", 4,
        "contradicts FROM --platform linux/arm64");
}

static void solo5_tenders_want_solo5_kernels(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL mirage\nMONITOR hvt\nKERNEL kernel\n", 4,
                       "no Solo5 note");
}

static void firecracker_takes_no_bzimage(void **state)
{
    struct fixture *fixture = *state;
    unsigned char image[0x1000] = {0};
    memcpy(image + 0x202, "HdrS", 4);
    image[0x206] = 0x0c;
    image[0x207] = 0x02;
    image[0x1fe] = 0x55;
    image[0x1ff] = 0xaa;
    image[0x211] = 1; /* loaded high: no zImage */
    image[0x236] = 1; /* xloadflags: 64-bit entry */
    put_bytes(fixture, "kernel", image, sizeof image);
    assert_build_fails(fixture, LINUX, 4, "/boot/kernel is bzImage, but firecracker loads ELF");
    assert_builds(fixture, "FROM scratch\nUNIKERNEL linux\nMONITOR qemu\nKERNEL kernel\n");
}

static void shell_form_is_for_guests_with_a_shell(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    assert_build_fails(fixture, UNIKERNEL "CMD nginx -g x\n", 5, "shell form");
    assert_build_fails(fixture, UNIKERNEL "ENTRYPOINT nginx\nCMD [\"a\"]\n", 5, "shell form");
    assert_builds(fixture, UNIKERNEL "CMD nginx\nCMD [\"nginx\"]\n");
    assert_builds(fixture, LINUX "CMD nginx -g x\n");
}

static void command_line_labels_and_annotations_win(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    cleanup_json json_t *labels = json_pack("{s:s}", "a", "b");
    cleanup_json json_t *annotations = json_pack("{s:s, s:s}", PREFIX "cmdline", "x y", "c", "d");
    fixture->options.labels = labels;
    fixture->options.annotations = annotations;
    assert_builds(fixture, UNIKERNEL "LABEL " PREFIX "cmdline=old a=c\n");
    cleanup_json json_t *manifest = json_loads(fixture->image.manifest, 0, NULL);
    cleanup_json json_t *config = config_of(fixture);
    const json_t *inner = json_object_get(config, "config");
    assert_string_equal(text_at(manifest, "annotations", PREFIX "cmdline"), "x y");
    assert_string_equal(text_at(manifest, "annotations", "c"), "d");
    assert_null(text_at(manifest, "annotations", "a"));
    assert_string_equal(text_at(inner, "Labels", PREFIX "cmdline"), "x y");
    assert_string_equal(text_at(inner, "Labels", "a"), "b");
    assert_null(text_at(inner, "Labels", "c"));
    cleanup_json json_t *wrong = json_pack("{s:s}", PREFIX "binary", "x");
    fixture->options.annotations = wrong;
    assert_int_equal(run_build(fixture, UNIKERNEL), -1);
    assert_int_equal(strncmp(fixture->error.message, "--annotation: " PREFIX "binary: \"x\"", 30), 0);
    fixture->options.annotations = fixture->options.labels = NULL;
}

static void a_path_that_is_not_utf8_is_an_error(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    put_file(fixture, "d/\xff/x", "");
    assert_int_equal(symlinkat("\xff", fixture->fd, "d/link"), 0);
    assert_int_equal(run_build(fixture, "FROM scratch\nCOPY d /\nUNIKERNEL generic\nMONITOR qemu\n"
                                        "KERNEL --dest=/link/kernel kernel\n"),
                     -1);
    assert_error(fixture, 5, "com.urunc.unikernel.binary: \"/\\xff/kernel\": must be UTF-8");
}

static void an_image_without_a_unikernel_is_one_like_any_other(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "a", "");
    assert_builds(fixture, "FROM scratch\nCOPY a /\nCMD a b\n");
    assert_int_equal(fixture->image.layer_count, 1);
    cleanup_json json_t *manifest = json_loads(fixture->image.manifest, 0, NULL);
    assert_null(json_object_get(manifest, "annotations"));
}

static void a_cmdline_label_is_also_the_command(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    assert_builds(fixture, UNIKERNEL "LABEL " PREFIX "cmdline=\"redis  /data/redis.conf\"\n");
    cleanup_json json_t *config = config_of(fixture);
    check_array(config, "Cmd", "[\"redis\",\"/data/redis.conf\"]");
    assert_builds(fixture, UNIKERNEL "LABEL " PREFIX "cmdline=redis\nCMD [\"x\"]\n");
    cleanup_json json_t *own = config_of(fixture);
    check_array(own, "Cmd", "[\"x\"]");
}

static void an_application_can_stand_in_the_initrds_place(void **state)
{
    struct fixture *fixture = *state;
    static const char spec[] = "FROM scratch\nUNIKERNEL %s\nMONITOR firecracker\nKERNEL kernel\nINITRD %s\n";
    cleanup_free char *good = xasprintf(spec, "hermit", "app");
    cleanup_free char *no_application = xasprintf(spec, "hermit", "tree");
    cleanup_free char *no_archive = xasprintf(spec, "linux", "app");
    put_kernel(fixture, "kernel");
    put_kernel(fixture, "app");
    put_file(fixture, "tree/x", "");
    assert_builds(fixture, good);
    assert_build_fails(fixture, no_application, 5,
                       PREFIX "initrd: /boot/initrd: the initrd of hermit is its application, an ELF file");
    assert_build_fails(fixture, no_archive, 5,
                       PREFIX "initrd: /boot/initrd: an ELF file, but the initrd of linux is an archive");
}

static void storage_that_the_pair_lacks_is_told_at_its_line(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    put_file(fixture, "tree/x", "");
    assert_build_fails(fixture, "FROM scratch\nUNIKERNEL mewz\nMONITOR qemu\nKERNEL kernel\nINITRD tree\n", 5,
                       "the framework mewz cannot use an initrd; mewz on qemu has: no storage");
}

static void urunc_json_stays_where_the_runtime_looks(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    mkdirat(fixture->fd, "l", 0755);
    assert_int_equal(symlinkat("/elsewhere", fixture->fd, "l/urunc.json"), 0);
    assert_int_equal(run_build(fixture, UNIKERNEL "COPY l /\n"), -1);
    assert_non_null(strstr(fixture->error.message, "/urunc.json: a symlink"));
}

/* ---- archives ---- */

static struct inode *build_archive(struct fixture *fixture, const char *text, const char *path)
{
    struct stage *stage = assert_runs(fixture, text);
    struct inode *file = find(stage->root, path);
    assert_non_null(file);
    assert_non_null(file->content);
    return file;
}

static void check_bytes(const struct inode *file, off_t offset, const void *bytes, size_t length)
{
    cleanup_error struct error error = {0};
    char found[16];
    cleanup_close int fd = content_open(file->content, &error);
    assert_int_equal(pread(fd, found, length, offset), (ssize_t)length);
    assert_memory_equal(found, bytes, length);
}

static void initrd_makes_an_archive_of_a_tree(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "tree/a", "A");
    check_bytes(build_archive(fixture, "FROM scratch\nINITRD tree\n", "boot/initrd"), 0, "070701", 6);
    check_bytes(build_archive(fixture, "FROM scratch\nINITRD --compress=gzip --dest=/i tree\n", "i"), 0,
                "\x1f\x8b", 2);
    check_bytes(build_archive(fixture, "FROM scratch\nINITRD --compress=zstd --dest=d/ tree\n", "d/initrd"),
                0, "\x28\xb5\x2f\xfd", 4);
    assert_fails(fixture, "FROM scratch\nINITRD --compress=lz4 tree\n", 2, "must be none, gzip or zstd");
}

static void block_makes_a_filesystem_of_a_tree(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "tree/a", "A");
    static const char spec[] = "FROM scratch AS r\nCOPY tree /\nFROM scratch\n"
                               "BLOCK --from=r --size=8M --label=root --mount=/data /\n";
    struct inode *file = build_archive(fixture, spec, "boot/rootfs.ext2");
    check_bytes(file, 1080, "\x53\xef", 2);
    assert_int_equal(content_size(file->content), 8 << 20);
    struct stage *stage = &fixture->build.stages[1];
    assert_string_equal(stage_fact(stage, PREFIX "blkMntPoint")->value, "/data");
    assert_string_equal(stage_fact(stage, PREFIX "block")->value, "/boot/rootfs.ext2");
    assert_fails(fixture, "FROM scratch\nBLOCK --size=x tree\n", 2, "\"x\" is not a size");
    assert_fails(fixture, "FROM scratch\nBLOCK --label=12345678901234567 tree\n", 2, "at most 16 bytes");
    assert_fails(fixture, "FROM scratch\nBLOCK --mount=data tree\n", 2, "must be an absolute path");
    assert_fails(fixture, "FROM scratch\nBLOCK --size=4K tree\n", 2, "does not fit");
}

static void finished_files_are_taken_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    static const char spec[] = "FROM scratch AS a\nINITRD --compress=gzip tree\nBLOCK tree\nFROM scratch\n"
                               "INITRD --from=a /boot/initrd\nBLOCK --from=a --dest=/b /boot/rootfs.ext2\n";
    put_file(fixture, "tree/a", "A");
    struct stage *stage = assert_runs(fixture, spec);
    struct stage *source = &fixture->build.stages[0];
    assert_ptr_equal(find(stage->root, "boot/initrd")->content, find(source->root, "boot/initrd")->content);
    assert_ptr_equal(find(stage->root, "b")->content, find(source->root, "boot/rootfs.ext2")->content);
    put_file(fixture, "text", "some text");
    put_file(fixture, "none", "");
    assert_fails(fixture, "FROM scratch\nINITRD text\n", 2, "text: not a cpio archive");
    assert_fails(fixture, "FROM scratch\nINITRD none\n", 2, "none: an empty file");
    assert_fails(fixture, "FROM scratch\nBLOCK text\n", 2, "text: not an ext2 filesystem");
    unsigned char superblock[2048] = {[1024 + 56] = 0x53, [1024 + 57] = 0xee}; /* half of the magic number */
    put_bytes(fixture, "half", superblock, sizeof superblock);
    assert_fails(fixture, "FROM scratch\nBLOCK half\n", 2, "half: not an ext2 filesystem");
    assert_fails(fixture, "FROM scratch\nBLOCK --size=1M text\n", 2, "--size is for trees");
    assert_fails(fixture, "FROM scratch\nUNIKERNEL linux\nBLOCK text\n", 3, "text: not an ext2 filesystem");
    assert_runs(fixture, "FROM scratch\nUNIKERNEL nanos\nBLOCK text\n");
    assert_fails(fixture, "FROM scratch\nUNIKERNEL nanos\nBLOCK none\n", 3, "none: an empty file");
}

static void one_source_means_one_match(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "k1");
    put_kernel(fixture, "k2");
    assert_fails(fixture, "FROM scratch\nKERNEL k*\n", 2, "k* matches 2 files, from k1 to k2");
    assert_fails(fixture, "FROM scratch\nKERNEL x*\n", 2, "no file matches x*");
    assert_runs(fixture, "FROM scratch\nKERNEL k[1]\n");
}

/* ---- the guest's init ---- */

/* The tree that the only INITRD of the spec was made of is gone by then; what it held shows in the archive.
 */
static bool archive_has(const struct inode *file, const char *name)
{
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer text = {0};
    cleanup_close int fd = content_open(file->content, &error);
    assert_int_equal(read_all(fd, 64 << 20, &text, "archive", &error), 0);
    return memmem(text.data, text.length, name, strlen(name) + 1) != NULL;
}

static void linux_guests_get_an_init(void **state)
{
    struct fixture *fixture = *state;
    put_host_kernel(fixture, "kernel");
    put_file(fixture, "tree/bin/server", "x");
    /* Wherever in the stage the framework and the command stand. */
    static const char spec[] =
        "FROM scratch\nINITRD tree\nCMD [\"/bin/server\"]\nKERNEL kernel\nMONITOR firecracker\n"
        "UNIKERNEL linux\n";
    struct inode *file = build_archive(fixture, spec, "boot/initrd");
    assert_true(archive_has(file, "urunc-init"));
    assert_true(archive_has(file, "init"));
    assert_builds(fixture, spec);
    cleanup_json json_t *config = config_of(fixture);
    check_array(config, "Entrypoint", "[\"/urunc-init\"]");
    check_array(config, "Cmd", "[\"/bin/server\"]");
}

static void the_init_goes_before_an_entrypoint(void **state)
{
    struct fixture *fixture = *state;
    put_host_kernel(fixture, "kernel");
    put_file(fixture, "tree/x", "");
    assert_builds(fixture, LINUX "BLOCK tree\nENTRYPOINT [\"/a\"]\nCMD [\"b\"]\n");
    cleanup_json json_t *config = config_of(fixture);
    check_array(config, "Entrypoint", "[\"/urunc-init\",\"/a\"]");
    assert_builds(fixture, LINUX "BLOCK tree\nENTRYPOINT [\"/urunc-init\", \"/a\"]\n");
    cleanup_json json_t *same = config_of(fixture);
    check_array(same, "Entrypoint", "[\"/urunc-init\",\"/a\"]");
}

static void no_init_is_added_where_none_is_wanted(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    put_file(fixture, "tree/x", "");
    static const char *const specs[] = {
        LINUX "INITRD tree\n",                                /* no command */
        LINUX "INITRD tree\nENTRYPOINT [\"/sbin/urunit\"]\n", /* another init */
        UNIKERNEL "INITRD tree\nCMD [\"/a\"]\n",              /* no Linux */
    };
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++)
        assert_false(archive_has(build_archive(fixture, specs[i], "boot/initrd"), "urunc-init"));
    fixture->options.guest_init = "none";
    static const char with[] = LINUX "INITRD tree\nCMD [\"/a\"]\n";
    assert_false(archive_has(build_archive(fixture, with, "boot/initrd"), "urunc-init"));
    assert_builds(fixture, with);
    cleanup_json json_t *config = config_of(fixture);
    check_array(config, "Entrypoint", "absent");
}

static void inits_of_the_user_stay(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    put_file(fixture, "tree/urunc-init", "mine one");
    put_file(fixture, "tree/init", "mine two");
    struct inode *file = build_archive(fixture, LINUX "INITRD tree\nCMD [\"/a\"]\n", "boot/initrd");
    assert_true(content_size(file->content) < 4096);
}

static void an_init_of_ones_own_can_be_given(void **state)
{
    struct fixture *fixture = *state;
    put_kernel(fixture, "kernel");
    put_file(fixture, "tree/x", "");
    put_file(fixture, "own", "#!/bin/sh\n# my own init\n");
    cleanup_free char *path = xasprintf("%s/context/own", fixture->temporary.path);
    fixture->options.guest_init = path;
    struct inode *file = build_archive(fixture, LINUX "INITRD tree\nCMD [\"/a\"]\n", "boot/initrd");
    assert_true(content_size(file->content) < 4096);
    fixture->options.guest_init = "/nonexistent";
    assert_fails(fixture, LINUX "INITRD tree\nCMD [\"/a\"]\n", 5, "--guest-init: /nonexistent: ");
    fixture->options.guest_init = NULL;
}

static void the_init_must_run_on_the_kernels_architecture(void **state)
{
    struct fixture *fixture = *state;
    put_kernel_for(fixture, "kernel", MACHINE_AARCH64);
    put_file(fixture, "tree/x", "");
    put_kernel(fixture, "init");
    cleanup_free char *path = xasprintf("%s/context/init", fixture->temporary.path);
    fixture->options.guest_init = path;
    assert_build_fails(fixture, LINUX "INITRD tree\nCMD [\"/a\"]\n", 5,
                       "the kernel is for arm64, the guest's init for amd64");
    put_file(fixture, "tree/urunc-init", ""); /* the user's own is what boots */
    assert_builds(fixture, LINUX "INITRD tree\nCMD [\"/a\"]\n");
    fixture->options.guest_init = NULL;
}

/* ---- reproducibility ---- */

static void the_same_inputs_give_the_same_image(void **state)
{
    struct fixture *fixture = *state;
    static const char spec[] =
        "FROM scratch AS r\nCOPY tree /\nFROM scratch\nUNIKERNEL linux\nMONITOR firecracker\nKERNEL kernel\n"
        "INITRD --from=r /\nBLOCK --from=r /\nCMD [\"/a\"]\n";
    put_host_kernel(fixture, "kernel");
    put_file(fixture, "tree/b", "B");
    put_file(fixture, "tree/a/c", "C");
    assert_builds(fixture, spec);
    cleanup_free char *first = xstrdup(fixture->image.manifest);
    /* Another order in the directory, other times, another umask and time zone. */
    const struct timespec times[2] = {{.tv_sec = 1000000000}, {.tv_sec = 1000000000}};
    assert_int_equal(unlinkat(fixture->fd, "tree/b", 0), 0);
    put_file(fixture, "tree/b", "B");
    assert_int_equal(utimensat(fixture->fd, "tree/a/c", times, 0), 0);
    assert_int_equal(utimensat(fixture->fd, "tree", times, 0), 0);
    mode_t mask = umask(0077);
    setenv("TZ", "Asia/Kathmandu", 1);
    assert_builds(fixture, spec);
    unsetenv("TZ");
    umask(mask);
    assert_string_equal(fixture->image.manifest, first);
    put_file(fixture, "tree/b", "other");
    assert_builds(fixture, spec);
    assert_string_not_equal(fixture->image.manifest, first);
}

static void the_time_is_the_one_that_was_asked_for(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "d/a", "");
    fixture->options.time = 86400;
    struct stage *stage = assert_runs(fixture, "FROM scratch\nCOPY d/a /x/y\nCOPY <<E /z\nE\n");
    static const char *const paths[] = {"/", "x", "x/y", "z"};
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        assert_int_equal(find(stage->root, paths[i])->mtime, 86400);
    assert_builds(fixture, "FROM scratch\nCOPY d /\n");
    cleanup_json json_t *config = config_of(fixture);
    assert_string_equal(json_string_value(json_object_get(config, "created")), "1970-01-02T00:00:00Z");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(annotations_stand_in_manifest_labels_and_urunc_json),
        TEST(labels_alone_make_a_unikernel),
        TEST(wrong_values_are_told_at_their_line),
        TEST(what_is_missing_is_told),
        TEST(a_pair_that_cannot_run_is_told_at_the_monitor),
        TEST(a_pair_that_was_stated_by_label_is_a_warning),
        TEST(files_must_be_in_the_image),
        TEST(the_kernel_decides_the_platform),
        TEST(solo5_tenders_want_solo5_kernels),
        TEST(firecracker_takes_no_bzimage),
        TEST(shell_form_is_for_guests_with_a_shell),
        TEST(command_line_labels_and_annotations_win),
        TEST(a_path_that_is_not_utf8_is_an_error),
        TEST(an_image_without_a_unikernel_is_one_like_any_other),
        TEST(a_cmdline_label_is_also_the_command),
        TEST(an_application_can_stand_in_the_initrds_place),
        TEST(storage_that_the_pair_lacks_is_told_at_its_line),
        TEST(urunc_json_stays_where_the_runtime_looks),
        TEST(initrd_makes_an_archive_of_a_tree),
        TEST(block_makes_a_filesystem_of_a_tree),
        TEST(finished_files_are_taken_as_they_are),
        TEST(one_source_means_one_match),
        TEST(linux_guests_get_an_init),
        TEST(the_init_goes_before_an_entrypoint),
        TEST(no_init_is_added_where_none_is_wanted),
        TEST(inits_of_the_user_stay),
        TEST(an_init_of_ones_own_can_be_given),
        TEST(the_init_must_run_on_the_kernels_architecture),
        TEST(the_same_inputs_give_the_same_image),
        TEST(the_time_is_the_one_that_was_asked_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
