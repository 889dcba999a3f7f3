/* ext2 images, judged by e2fsck and debugfs. */
#include "tests/unit/fixtures/formats_fixture.h"

#include <sys/sysmacros.h>

#include "formats/ext2/ext2.h"

static int try_write(struct inode *root, const char *path, const struct ext2_options *options,
                     struct error *error)
{
    cleanup_close int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    return ext2_write(root, fd, path, options, error);
}

/* Writes an image that e2fsck finds nothing wrong with. */
static void write_image(struct inode *root, const char *path, const struct ext2_options *options)
{
    struct error error = {0};
    if (try_write(root, path, options, &error) < 0)
        fail_msg("%s", error.message);
    if (run("e2fsck -fn %s > fsck.log 2>&1", path) != 0) {
        cleanup_free char *log = output_of("cat fsck.log");
        fail_msg("%s", log);
    }
}

static void write_default(struct inode *root, const char *path)
{
    write_image(root, path, &(struct ext2_options){0});
}

static off_t size_of(const char *path)
{
    struct stat status;
    assert_int_equal(stat(path, &status), 0);
    return status.st_size;
}

static void an_empty_tree_is_a_filesystem_with_lost_and_found(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    root->mode = S_IFDIR | 01711;
    root->uid = 70000;
    root->mtime = 1234567890;
    write_default(root, "image");
    assert_output_has("debugfs -R 'ls -p /' image", "/11/040700/0/0/lost+found//");
    assert_output_has("debugfs -R 'stat /' image", "Mode:  01711");
    assert_output_has("debugfs -R 'stat /' image", "User: 70000");
    assert_output_has("debugfs -R 'stat /' image", "mtime: 0x499602d2");
    assert_int_equal(root->child_count, 0);
}

static void features_are_those_that_old_readers_know(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    write_image(root, "image", &(struct ext2_options){.label = "sixteen bytes ok", .mount_point = "/data"});
    assert_output_has("dumpe2fs -h image", "features:      ext_attr filetype sparse_super large_file\n");
    assert_output_has("dumpe2fs -h image", "volume name:   sixteen bytes ok\n");
    assert_output_has("dumpe2fs -h image", "Last mounted on:          /data\n");
    assert_output_has("dumpe2fs -h image", "revision #:    1 (dynamic)\n");
    assert_output_has("dumpe2fs -h image", "Block size:               4096\n");
}

static void metadata_is_kept(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct inode *file = put_text(root, "d/file", "content\n");
    file->mode = S_IFREG | 06751;
    file->uid = 100001;
    file->gid = 4000000000;
    file->mtime = 5000000000; /* beyond 2038, and beyond 32 bits */
    put_text(root, "d/ancient", "")->mtime = -1000;
    write_default(root, "image");
    assert_output_has("debugfs -R 'cat /d/file' image", "content\n");
    assert_output_has("debugfs -R 'stat /d/file' image", "Mode:  06751");
    assert_output_has("debugfs -R 'stat /d/file' image", "User: 100001   Group: -294967296");
    assert_output_has("debugfs -R 'stat /d/file' image", "Size: 8\n");
    assert_output_has("debugfs -R 'stat /d/file' image", "mtime: 0x2a05f200:00000001");
    assert_output_has("debugfs -R 'stat /d/file' image", "ctime: 0x2a05f200:00000001");
    assert_output_has("debugfs -R 'stat /d/ancient' image", "mtime: 0xfffffc18:00000000");
}

static void special_files_and_symlinks_are_kept(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    char target[4096] = "";
    memset(target, 't', 59);
    put_symlink(root, "inline", target);
    memset(target, 't', 60);
    put_symlink(root, "block", target);
    memset(target, 't', 4095);
    put_symlink(root, "longest", target);
    put(root, "null", S_IFCHR | 0666)->device = makedev(1, 3);
    put(root, "disk", S_IFBLK | 0600)->device = makedev(300, 70000);
    put(root, "pipe", S_IFIFO | 0600);
    put(root, "socket", S_IFSOCK | 0600);
    write_default(root, "image");
    assert_output_has("debugfs -R 'stat /inline' image", "Blockcount: 0\n");
    assert_output_has("debugfs -R 'stat /inline' image", "Fast link dest: \"ttt");
    assert_output_has("debugfs -R 'stat /block' image", "Blockcount: 8\n");
    assert_output_has("debugfs -R 'stat /longest' image", "Size: 4095\n");
    assert_output_has("debugfs -R 'stat /null' image", "major/minor number: 01:03");
    assert_output_has("debugfs -R 'stat /disk' image", "major/minor number: 300:70000");
    assert_output_has("debugfs -R 'stat /pipe' image", "Type: FIFO");
    assert_output_has("debugfs -R 'stat /socket' image", "Type: socket");
}

static void hard_links_are_one_inode(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct inode *file = put_text(root, "a", "x");
    tree_put(root, "b", file);
    put(root, "d", S_IFDIR | 0755);
    tree_put(tree_child(root, "d"), "c", file);
    tree_put(root, "symlink2", put_symlink(root, "symlink1", "a"));
    write_default(root, "image");
    assert_output_has("debugfs -R 'stat /a' image", "Links: 3 ");
    assert_output_has("debugfs -R 'stat /symlink2' image", "Links: 2 ");
    assert_output(
        "debugfs -R 'stat /a' image 2>/dev/null > 1; debugfs -R 'stat /d/c' image 2>/dev/null > 2; cmp 1 2",
        "");
}

static void xattrs_are_kept_in_the_inode_or_in_a_block(void **state)
{
    (void)state;
    /* The kernel's form of an ACL: version 2; user::rw-, user:1234:rw-, group::r--, mask::rw-, other::r--. */
    static const char acl[] = "\2\0\0\0"
                              "\1\0\6\0\xff\xff\xff\xff"
                              "\2\0\6\0\xd2\4\0\0"
                              "\4\0\4\0\xff\xff\xff\xff"
                              "\x10\0\6\0\xff\xff\xff\xff"
                              "\x20\0\4\0\xff\xff\xff\xff";
    cleanup_inode struct inode *root = new_root();
    char large[2001] = "";
    memset(large, 'L', 2000);
    inode_set_xattr(put_text(root, "small", "x"), "user.comment", "hello", 5);
    inode_set_xattr(put_text(root, "large", "x"), "user.large", large, 2000);
    inode_set_xattr(tree_child(root, "large"), "user.a", "1", 1);
    inode_set_xattr(tree_child(root, "large"), "trusted.b", "2", 1);
    inode_set_xattr(put_text(root, "capable", "x"), "security.capability",
                    "\1\0\0\2\0\4\0\0\0\0\0\0\0\0\0\0\0\0\0\0", 20);
    inode_set_xattr(put_text(root, "acl", "x"), "system.posix_acl_access", acl, sizeof acl - 1);
    inode_set_xattr(put(root, "dir", S_IFDIR | 0755), "user.d", "", 0);
    inode_set_xattr(put_symlink(root, "link", "small"), "trusted.l", "3", 1);
    inode_set_xattr(root, "user.root", "r", 1);
    write_default(root, "image");
    assert_output_has("debugfs -R 'ea_get /small user.comment' image", "user.comment (5) = \"hello\"");
    assert_output_has("debugfs -R 'stat /small' image", "File ACL: 0\n");
    assert_int_equal(run("debugfs -R 'ea_get -f value /large user.large' image 2> /dev/null; "
                         "test $(tr -d -c L < value | wc -c) = 2000"),
                     0);
    assert_output_has("debugfs -R 'ea_list /large' image", "trusted.b (1)");
    assert_output_has("debugfs -R 'ea_list /capable' image", "security.capability (20)");
    assert_output_has("debugfs -R 'ea_list /acl' image", "system.posix_acl_access");
    assert_output_has("debugfs -R 'ea_list /dir' image", "user.d (0)");
    assert_output_has("debugfs -R 'ea_list /link' image", "trusted.l (1)");
    assert_output_has("debugfs -R 'ea_list /' image", "user.root (1) = \"r\"");
}

static void names_are_bytes_of_up_to_255(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct error error = {0};
    char name[257] = "";
    memset(name, 'n', 255);
    put_text(root, name, "1");
    put_text(root, "\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", "zolc");
    put_text(root, "\xff\xfe", "raw");
    write_default(root, "image");
    assert_output_has("debugfs -R 'ls -p /' image", name);
    assert_output_has("debugfs -R 'cat /\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87' image", "zolc");
    assert_output_has("debugfs -R 'cat /\xff\xfe' image", "raw");
    name[255] = 'n';
    put_text(root, name, "2");
    assert_int_equal(try_write(root, "bad", &(struct ext2_options){0}, &error), -1);
    assert_error(&error, "/: the name \"nnnn");
}

static void ten_thousand_files_and_a_deep_path(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    char name[1024];
    for (int i = 0; i < 10000; i++) {
        snprintf(name, sizeof name, "many/file-with-a-rather-long-name-%05d", i);
        put_text(root, name, name);
    }
    struct inode *directory = root;
    for (int i = 0; i < 500; i++)
        directory = put(directory, "deep", S_IFDIR | 0755);
    put_text(directory, "bottom", "x");
    write_default(root, "image");
    assert_output("debugfs -R 'ls -p /many' image 2>/dev/null | grep -c file-with", "10000\n");
    assert_output_has("debugfs -R 'cat /many/file-with-a-rather-long-name-09999' image", "long-name-09999");
}

static void more_inodes_than_one_group_holds(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    char name[64];
    for (int i = 0; i < 40000; i++) {
        snprintf(name, sizeof name, "%02d/%05d", i / 1000, i);
        put(root, name, S_IFREG | 0644);
    }
    write_default(root, "image");
    assert_output_has("debugfs -R 'stat /39/39999' image", "Size: 0\n");
}

static void a_directory_that_fills_its_block_exactly(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    char name[200];
    put(root, "d", S_IFDIR | 0755);
    /* The dots take 24 bytes and a name of 4 letters 12, so this many leave 16. */
    for (int i = 0; i < 338; i++) {
        snprintf(name, sizeof name, "%04d", i);
        put(tree_child(root, "d"), name, S_IFREG);
    }
    put(tree_child(root, "d"), "longlong", S_IFREG); /* takes the 16 */
    write_default(root, "full");
    assert_output_has("debugfs -R 'stat /d' full", "Size: 4096\n");
    put(tree_child(root, "d"), "z", S_IFREG);
    write_default(root, "over");
    assert_output_has("debugfs -R 'stat /d' over", "Size: 8192\n");
}

static void contents_come_back_at_every_depth_of_the_block_map(void **state)
{
    (void)state;
    /* Around the ends of the direct, single and double indirect blocks; noise, so that no block is a hole. */
    static const size_t sizes[] = {1, 4095, 4096, 4097, 49152, 49153, 4243456, 4243457, 9000001};
    cleanup_inode struct inode *root = new_root();
    cleanup_free char *bytes = xcalloc(1, 9000001);
    uint32_t random = 7;
    for (size_t i = 0; i < 9000001; i++) {
        random = random * 1664525 + 1013904223;
        bytes[i] = (char)(random >> 24);
    }
    write_bytes("plain", bytes, 9000001);
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char name[24];
        snprintf(name, sizeof name, "%zu", sizes[i]);
        put_bytes(root, name, bytes, sizes[i]);
    }
    write_default(root, "image");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        assert_int_equal(
            run("debugfs -R 'cat /%zu' image 2>/dev/null > out; test $(stat -c %%s out) = %zu && "
                "head -c %zu plain | cmp - out",
                sizes[i], sizes[i], sizes[i]),
            0);
}

/* A small file and one that is read twice, still where they came from. */
static struct inode *tree_of_files(int rootfd)
{
    struct error error = {0};
    struct inode *root = new_root();
    assert_int_equal(run("printf small > small && seq 1 100000 > large"), 0);
    put(root, "small", S_IFREG | 0644)->content = content_of_path(rootfd, "small", &error);
    put(root, "large", S_IFREG | 0644)->content = content_of_path(rootfd, "large", &error);
    return root;
}

static void files_come_from_where_they_are(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_inode struct inode *root = tree_of_files(temporary->fd);
    write_default(root, "image");
    assert_output("debugfs -R 'cat /small' image 2> /dev/null", "small");
    assert_int_equal(run("debugfs -R 'cat /large' image 2> /dev/null | cmp - large"), 0);
}

static void files_that_changed_or_went_are_errors(void **state)
{
    const struct temporary *temporary = *state;
    static const char *const changes[][2] = {
        {"printf longer >> small", "small: changed while it was being read"},
        {"truncate -s 300000 large", "large: changed while it was being read"},
        {"rm small", "small: No such file"},
        {"rm large", "large: No such file"},
        {"rm small && mkfifo small", "small: not a regular file"},
    };
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        cleanup_error struct error error = {0};
        cleanup_inode struct inode *root = tree_of_files(temporary->fd);
        assert_int_equal(run("%s", changes[i][0]), 0);
        assert_int_equal(try_write(root, "image", &(struct ext2_options){0}, &error), -1);
        assert_error(&error, changes[i][1]);
        assert_int_equal(run("rm -f small large"), 0);
    }
}

static void a_sparse_file_of_3_gb_costs_almost_nothing(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    assert_int_equal(
        run("truncate -s 3G sparse && printf head | dd of=sparse conv=notrunc status=none && "
            "printf middle | dd of=sparse bs=1M seek=1500 conv=notrunc status=none && "
            "printf tail | dd of=sparse bs=1 seek=$((3 * 1024 * 1024 * 1024 - 4)) conv=notrunc status=none"),
        0);
    struct error error = {0};
    int fd = open("sparse", O_RDONLY | O_CLOEXEC);
    put(root, "sparse", S_IFREG | 0644)->content = content_of_fd(fd, "sparse", &error);
    write_default(root, "image");
    assert_true(size_of("image") < 3 << 20);
    assert_output_has("debugfs -R 'stat /sparse' image", "Size: 3221225472\n");
    assert_output_has("debugfs -R 'stat /sparse' image", "Blockcount: 48\n"); /* 3 data, 3 indirect */
    /* With no more blocks than that the rest is holes, so these three are all that there is to compare. */
    static const uint32_t blocks[] = {0, 1500 * 256, 3 * 1024 * 256 - 1};
    for (size_t i = 0; i < sizeof blocks / sizeof *blocks; i++)
        assert_int_equal(run("dd if=image of=out bs=4096 count=1 status=none "
                             "skip=$(debugfs -R 'bmap /sparse %u' image 2> /dev/null) && "
                             "dd if=sparse of=in bs=4096 count=1 skip=%u status=none && cmp in out",
                             blocks[i], blocks[i]),
                         0);
}

static void zeros_and_holes_give_the_same_image(void **state)
{
    (void)state;
    cleanup_free char *zeros = xcalloc(1, 5 << 20);
    zeros[1 << 20] = 'x';
    zeros[(1 << 20) + 5000] = 'y';
    for (int i = 0; i < 2; i++) {
        cleanup_inode struct inode *root = new_root();
        struct error error = {0};
        if (i == 0) {
            put_bytes(root, "f", zeros, 5 << 20);
        } else {
            put(root, "f", S_IFREG | 0644)->content = content_of_hole("hole", 5 << 20);
            int fd = open("hole", O_WRONLY | O_CLOEXEC);
            assert_int_equal(pwrite_all(fd, zeros + (1 << 20), 8192, 1 << 20, "hole", &error), 0);
            close(fd);
            /* Made anew: the content remembered the time before the write. */
            fd = open("hole", O_RDONLY | O_CLOEXEC);
            content_unref(tree_child(root, "f")->content);
            tree_child(root, "f")->content = content_of_fd(fd, "hole", &error);
        }
        write_default(root, i == 0 ? "zeros" : "holes");
    }
    assert_same_file("zeros", "holes");
}

static struct inode *mixed_tree(void)
{
    struct inode *root = new_root();
    struct inode *file = put_text(root, "a/file", "text");
    tree_put(root, "link", file);
    inode_set_xattr(file, "user.x", "y", 1);
    put_symlink(root, "symlink", "a/file");
    put(root, "large", S_IFREG | 0600)->content = content_of_memory("abc", 3);
    return root;
}

static void neither_clock_nor_environment_show(void **state)
{
    (void)state;
    static const int64_t times[] = {0, 1700000000};
    for (size_t i = 0; i < 2; i++) {
        cleanup_inode struct inode *root = mixed_tree(), *again = mixed_tree();
        const struct ext2_options options = {.time = times[i]};
        setenv("E2FSPROGS_FAKE_TIME", "1000000000", 1);
        write_image(root, "first", &options);
        setenv("E2FSPROGS_FAKE_TIME", "1111111111", 1);
        setenv("TZ", "Asia/Tokyo", 1);
        write_image(again, "second", &options);
        unsetenv("E2FSPROGS_FAKE_TIME");
        write_image(again, "third", &options);
        unsetenv("TZ");
        assert_same_file("first", "second");
        assert_same_file("first", "third");
        /* s_wtime: the clock, where libext2fs was let; three images in one second would not tell. */
        char expected[16];
        snprintf(expected, sizeof expected, "%10lld", (long long)times[i]);
        assert_output("od -An -t u4 -j 1072 -N 4 first | awk '{printf \"%10s\", $1}'", expected);
    }
    assert_output_has("dumpe2fs -h first", "Last write time:          Tue Nov 14 22:13:20 2023");
    assert_output_has("dumpe2fs -h first", "Filesystem created:       Tue Nov 14 22:13:20 2023");
}

static void the_uuid_follows_from_the_content(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = mixed_tree(), *other = mixed_tree();
    write_default(root, "first");
    content_unref(tree_child(other, "large")->content);
    tree_child(other, "large")->content = content_of_memory("abd", 3);
    write_default(other, "second");

    assert_int_equal(
        run("dumpe2fs -h first 2>/dev/null | grep UUID > 1; dumpe2fs -h second 2>/dev/null | grep UUID > 2; "
            "! cmp -s 1 2 && grep -Eq ' [0-9a-f]{8}-[0-9a-f]{4}-8[0-9a-f]{3}-[89ab]' 1"),
        0);
}

static void too_small_a_size_says_what_it_needs_and_that_fits(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 100000, 3000000};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        cleanup_inode struct inode *root = new_root();
        struct error error = {0};
        cleanup_free char *bytes = xcalloc(1, sizes[i]);
        memset(bytes, 'x', sizes[i]);
        put_bytes(root, "file", bytes, sizes[i]);
        assert_int_equal(try_write(root, "image", &(struct ext2_options){.size = 8192}, &error), -1);
        const char *needs = strstr(error.message, "it needs ");
        assert_non_null(needs);
        uint64_t size = strtoull(needs + strlen("it needs "), NULL, 10);
        error_clear(&error);
        assert_int_equal(try_write(root, "image", &(struct ext2_options){.size = size - 4096}, &error), -1);
        error_clear(&error);
        write_image(root, "image", &(struct ext2_options){.size = size});
        assert_int_equal(size_of("image"), size);
    }
}

static void any_exact_size_is_clean(void **state)
{
    (void)state;
    static const uint64_t sizes[] = {
        1 << 20,     (1 << 20) + 1234,   128 << 20,         (128 << 20) + 4096,
        (129 << 20), (128 << 20) - 4096, UINT64_C(8) << 30, (UINT64_C(17) << 30) + 5};
    cleanup_inode struct inode *root = mixed_tree();
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        write_image(root, "image", &(struct ext2_options){.size = sizes[i]});
        assert_int_equal(size_of("image"), sizes[i]);
        struct stat status;
        assert_int_equal(stat("image", &status), 0);
        assert_true(status.st_blocks * 512 < 16 << 20); /* it is sparse */
    }
}

static void what_is_free_is_what_was_asked_for(void **state)
{
    (void)state;
    static const uint64_t extras[] = {1, 1 << 20, 200 << 20};
    cleanup_inode struct inode *root = mixed_tree();
    for (size_t i = 0; i < sizeof extras / sizeof *extras; i++) {
        write_image(root, "image", &(struct ext2_options){.size = extras[i], .size_is_extra = true});
        cleanup_free char *text = output_of("dumpe2fs -h image 2>/dev/null | sed -n 's/^Free blocks: *//p'");
        uint64_t free_bytes = strtoull(text, NULL, 10) * 4096;
        assert_true(free_bytes >= extras[i]);
        assert_true(free_bytes < extras[i] + (1 << 20));
    }
}

static void bad_options_are_refused(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct error error = {0};
    static const struct {
        struct ext2_options options;
        const char *message;
    } cases[] = {
        {{.label = "seventeen bytes!!"}, "the label \"seventeen bytes!!\" is longer than 16"},
        {{.mount_point = "/0123456789012345678901234567890123456789012345678901234567890123"},
         "longer than 63"},
        {{.time = -1}, "the time -1 does not fit"},
        {{.size = UINT64_MAX}, "more than ext2 can have"},
        {{.size = UINT64_MAX, .size_is_extra = true}, "more than ext2 can have"},
        {{.size = 1}, "does not fit into 1 bytes; it needs "},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        assert_int_equal(try_write(root, "image", &cases[i].options, &error), -1);
        assert_error(&error, cases[i].message);
    }
    write_bytes("used", "x", 1);
    cleanup_close int fd = open("used", O_RDWR | O_CLOEXEC);
    assert_int_equal(ext2_write(root, fd, "used", &(struct ext2_options){0}, &error), -1);
    assert_error(&error, "used: not an empty file");
}

static void what_ext2_cannot_hold_is_an_error_that_names_it(void **state)
{
    (void)state;
    struct error error = {0};
    char target[4097] = "", value[5000] = "";
    memset(target, 't', 4096);
    static const char *const expected[] = {"dir/late: its time",
                                           "dir/far: a symlink to a path of 4096",
                                           "dir/x: user.large",
                                           "lost+found: in an ext2 image",
                                           "dir/major: the device number 4096:0 does not fit",
                                           "dir/minor: the device number 0:1048576 does not fit"};
    for (int i = 0; i < 6; i++) {
        cleanup_inode struct inode *root = new_root();
        if (i == 0)
            put(root, "dir/late", S_IFREG)->mtime = INT64_C(1) << 40;
        if (i == 1)
            put_symlink(root, "dir/far", target);
        if (i == 2)
            inode_set_xattr(put(root, "dir/x", S_IFREG), "user.large", value, sizeof value);
        if (i == 3)
            put(root, "lost+found", S_IFREG);
        if (i == 4)
            put(root, "dir/major", S_IFCHR)->device = makedev(4096, 0);
        if (i == 5)
            put(root, "dir/minor", S_IFBLK)->device = makedev(0, 1 << 20);
        assert_int_equal(try_write(root, "image", &(struct ext2_options){0}, &error), -1);
        assert_error(&error, expected[i]);
    }
}

static void a_lost_and_found_of_the_tree_is_used(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    put_text(root, "lost+found/kept", "x");
    put_text(root, "a", "x");
    write_default(root, "image");
    assert_output_has("debugfs -R 'ls -p /' image", "/11/040755/0/0/lost+found//");
    assert_output_has("debugfs -R 'cat /lost+found/kept' image", "x");
}

static void no_descriptor_stays_open(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = mixed_tree();
    int before = dup(0);
    close(before);
    write_default(root, "image");
    struct error error = {0};
    assert_int_equal(try_write(root, "image", &(struct ext2_options){.size = 8192}, &error), -1);
    error_clear(&error);
    int after = dup(0);
    close(after);
    assert_int_equal(before, after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        temporary_test(an_empty_tree_is_a_filesystem_with_lost_and_found),
        temporary_test(features_are_those_that_old_readers_know),
        temporary_test(metadata_is_kept),
        temporary_test(special_files_and_symlinks_are_kept),
        temporary_test(hard_links_are_one_inode),
        temporary_test(xattrs_are_kept_in_the_inode_or_in_a_block),
        temporary_test(names_are_bytes_of_up_to_255),
        temporary_test(ten_thousand_files_and_a_deep_path),
        temporary_test(more_inodes_than_one_group_holds),
        temporary_test(a_directory_that_fills_its_block_exactly),
        temporary_test(contents_come_back_at_every_depth_of_the_block_map),
        temporary_test(files_come_from_where_they_are),
        temporary_test(files_that_changed_or_went_are_errors),
        temporary_test(a_sparse_file_of_3_gb_costs_almost_nothing),
        temporary_test(zeros_and_holes_give_the_same_image),
        temporary_test(neither_clock_nor_environment_show),
        temporary_test(the_uuid_follows_from_the_content),
        temporary_test(too_small_a_size_says_what_it_needs_and_that_fits),
        temporary_test(any_exact_size_is_clean),
        temporary_test(what_is_free_is_what_was_asked_for),
        temporary_test(bad_options_are_refused),
        temporary_test(what_ext2_cannot_hold_is_an_error_that_names_it),
        temporary_test(a_lost_and_found_of_the_tree_is_used),
        temporary_test(no_descriptor_stays_open),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
