/* newc archives: byte for byte, and as GNU cpio reads them. */
#include "tests/unit/fixtures/formats_fixture.h"

#include <sys/sysmacros.h>

#include "formats/archive/cpio.h"

static int try_write(struct inode *root, const char *path, struct error *error)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    cleanup_sink struct sink *sink = sink_to_fd(fd, path, NULL);
    return cpio_write(root, sink, error) < 0 ? -1 : sink_finish(sink, error);
}

static void write_archive(struct inode *root, const char *path)
{
    struct error error = {0};
    if (try_write(root, path, &error) < 0)
        fail_msg("%s", error.message);
}

static void a_small_archive_is_exactly_this(void **state)
{
    (void)state;
    static const char expected[] = "070701"
                                   "00000001"
                                   "000041ED"
                                   "00000000"
                                   "00000000"
                                   "00000002"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000002"
                                   "00000000"
                                   ".\0"
                                   "070701"
                                   "00000002"
                                   "000081A4"
                                   "000003E8"
                                   "00011170"
                                   "00000001"
                                   "00000005"
                                   "00000003"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000002"
                                   "00000000"
                                   "f\0"
                                   "abc\0"
                                   "070701"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000001"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "00000000"
                                   "0000000B"
                                   "00000000"
                                   "TRAILER!!!\0\0\0";
    cleanup_inode struct inode *root = new_root();
    cleanup_buffer struct buffer bytes = {0};
    struct error error = {0};
    struct inode *file = put_text(root, "f", "abc");
    file->uid = 1000;
    file->gid = 70000;
    file->mtime = 5;
    write_archive(root, "archive");
    assert_int_equal(read_file(AT_FDCWD, "archive", 4096, &bytes, &error), 0);
    assert_int_equal(bytes.length, 512);
    assert_memory_equal(bytes.data, expected, sizeof expected - 1);
    for (size_t i = sizeof expected - 1; i < 512; i++)
        assert_int_equal(bytes.data[i], 0);
}

static void entries_come_parents_first_in_byte_order(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    put_text(root, "b/c/file", "x");
    put_text(root, "b/c-", "x");
    put_text(root, "a", "x");
    write_archive(root, "archive");
    assert_output("cpio -t --quiet < archive", ".\na\nb\nb/c\nb/c/file\nb/c-\n");
}

static void hard_links_share_a_number_and_the_last_has_the_data(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct inode *file = put_text(root, "a", "data");
    tree_put(root, "b", file);
    tree_put(root, "c", file);
    write_archive(root, "archive");
    assert_int_equal(run("mkdir out && cd out && cpio -id --quiet < ../archive"), 0);
    assert_output("cat out/a out/b out/c", "datadatadata");
    assert_output("stat -c %h out/a out/b", "3\n3\n");
    assert_output("ls -1i out | cut -d' ' -f1 | sort -u | wc -l", "1\n");
    assert_output("grep -c data archive", "1\n");
}

static void an_inode_that_another_tree_shares_is_no_hard_link(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root(), *other = new_root();
    tree_put(other, "elsewhere", put_text(root, "a", "data"));
    write_archive(root, "archive");
    assert_output_has("cpio -tvn --quiet < archive", "-rw-r--r--   1 0        0               4");
    assert_output("strings archive | grep -c 070701000000020000", "1\n");
}

static void symlinks_devices_and_modes_are_kept(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    put_symlink(root, "link", "/some/target");
    put(root, "null", S_IFCHR | 0666)->device = makedev(1, 3);
    put(root, "disk", S_IFBLK | 0600)->device = makedev(300, 70000);
    put(root, "pipe", S_IFIFO | 0600);
    put_text(root, "suid", "")->mode = S_IFREG | 04755;
    write_archive(root, "archive");
    assert_output_has("cpio -tvn --quiet < archive", "link -> /some/target");
    assert_output_has("cpio -tvn --quiet < archive", "  1,   3 Jan");
    assert_output_has("cpio -tvn --quiet < archive", "300, 70000 Jan");
    assert_output_has("cpio -tvn --quiet < archive", "prw-------");
    assert_output_has("cpio -tvn --quiet < archive", "-rwsr-xr-x");
}

static void names_are_bytes(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    char name[256] = "";
    memset(name, 'n', 255);
    put_text(root, name, "1");
    put_text(root, "\xc5\xbc\xc3\xb3", "2");
    put_text(root, "\xff\xfe", "3");
    write_archive(root, "archive");
    assert_int_equal(run("mkdir out && cd out && cpio -id --quiet < ../archive"), 0);
    char path[300];
    snprintf(path, sizeof path, "out/%s", name);
    assert_int_equal(access(path, F_OK), 0);
    assert_int_equal(access("out/\xc5\xbc\xc3\xb3", F_OK), 0);
    assert_int_equal(access("out/\xff\xfe", F_OK), 0);
}

static void sizes_around_the_alignment_come_back(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    char bytes[9], name[2] = "0";
    memset(bytes, 'x', sizeof bytes);
    for (size_t length = 0; length < sizeof bytes; length++) {
        name[0] = (char)('0' + length);
        put_bytes(root, name, bytes, length);
    }
    write_archive(root, "archive");
    assert_int_equal(run("mkdir out && cd out && cpio -id --quiet < ../archive"), 0);
    assert_output("cd out && stat -c '%n%s' *", "00\n11\n22\n33\n44\n55\n66\n77\n88\n");
}

static void what_newc_cannot_hold_is_an_error_that_names_it(void **state)
{
    (void)state;
    struct error error = {0};
    char target[4097] = "";
    memset(target, 't', 4096);
    for (int i = 0; i < 6; i++) {
        cleanup_inode struct inode *root = new_root();
        const char *expected[] = {"dir/large: 4294967296 bytes",
                                  "dir/old: its time, -1,",
                                  "dir/new: its time",
                                  "a path of ",
                                  "dir/far: a symlink to a path of 4096 bytes",
                                  "TRAILER!!!: "};
        put(root, "dir", S_IFDIR | 0755);
        if (i == 0)
            put(root, "dir/large", S_IFREG)->content = content_of_hole("hole", (off_t)1 << 32);
        if (i == 1)
            put(root, "dir/old", S_IFREG)->mtime = -1;
        if (i == 2)
            put(root, "dir/new", S_IFREG)->mtime = (int64_t)1 << 32;
        if (i == 3) {
            struct inode *directory = root;
            for (int depth = 0; depth < 2049; depth++)
                directory = put(directory, "d", S_IFDIR | 0755);
        }
        if (i == 4)
            put_symlink(root, "dir/far", target);
        if (i == 5)
            put(root, "TRAILER!!!", S_IFREG);
        assert_int_equal(try_write(root, "archive", &error), -1);
        assert_error(&error, expected[i]);
    }
}

static void the_same_tree_gives_the_same_bytes(void **state)
{
    (void)state;
    for (int i = 0; i < 2; i++) {
        cleanup_inode struct inode *root = new_root();
        for (int at = 0; at < 100; at++) {
            int file = i == 0 ? at : 99 - at; /* the order in which a tree is built does not count */
            char name[32];
            snprintf(name, sizeof name, "d%d/f%d", file % 7, file);
            put_text(root, name, name);
        }
        write_archive(root, i == 0 ? "first" : "second");
    }
    assert_same_file("first", "second");
}

/* ---- adding to an archive ---- */

/* A tree with etc/hosts and var/run/token, as mounts make it. */
static struct inode *make_additions(void)
{
    struct inode *root = inode_new(S_IFDIR | 0700);
    const char *const paths[][3] = {{"etc", NULL, "hosts"}, {"var", "run", "token"}};
    for (size_t i = 0; i < 2; i++) {
        struct inode *directory = root;
        for (size_t j = 0; j < 2 && paths[i][j] != NULL; j++) {
            cleanup_inode struct inode *made = inode_new(S_IFDIR | 0700);
            tree_put(directory, paths[i][j], made);
            directory = made;
        }
        cleanup_inode struct inode *file = inode_new(S_IFREG | 0644);
        file->content = content_of_memory("added", 5);
        tree_put(directory, paths[i][2], file);
    }
    return root;
}

/* An image's tree: etc/hosts, run, and var/run, which is a symlink to ../run. */
static struct inode *make_image(void)
{
    struct inode *root = inode_new(S_IFDIR | 0755);
    cleanup_inode struct inode *etc = inode_new(S_IFDIR | 0755), *var = inode_new(S_IFDIR | 0755),
                               *hosts = inode_new(S_IFREG | 0644), *link = inode_new(S_IFLNK | 0777),
                               *run = inode_new(S_IFDIR | 0755);
    hosts->content = content_of_memory("the image's", 11);
    link->target = strdup("../run");
    tree_put(root, "run", run);
    tree_put(root, "etc", etc);
    tree_put(etc, "hosts", hosts);
    tree_put(root, "var", var);
    tree_put(var, "run", link);
    return root;
}

static enum cpio_kind scan(int fd, uint64_t *end, struct inode *present)
{
    struct error error = {0};
    enum cpio_kind kind = CPIO_OTHER;
    if (cpio_scan(fd, &kind, end, present, &error) < 0)
        fail_msg("%s", error.message);
    return kind;
}

static int open_archive(struct inode *root, const char *path)
{
    write_archive(root, path);
    int fd = open(path, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    return fd;
}

static void what_is_added_replaces_files_and_leaves_directories_as_they_are(void **state)
{
    (void)state;
    struct error error = {0};
    uint64_t end = 0;
    cleanup_inode struct inode *image = make_image(), *additions = make_additions(),
                               *present = inode_new(S_IFDIR | 0755);
    cleanup_close int fd = open_archive(image, "merged.cpio");
    assert_int_equal(scan(fd, &end, present), CPIO_SINGLE);
    assert_int_equal(ftruncate(fd, (off_t)end), 0);
    assert_int_equal(lseek(fd, 0, SEEK_END), end);
    cleanup_sink struct sink *sink = sink_to_fd(fd, "merged.cpio", NULL);
    assert_int_equal(cpio_write_addition(additions, present, sink, &error), 0);
    assert_int_equal(sink_finish(sink, &error), 0);
    assert_output("cpio -t --quiet <merged.cpio",
                  ".\netc\netc/hosts\nrun\nvar\nvar/run\netc/hosts\nvar/run/token\n");
    assert_output("mkdir x && cd x && cpio -i --quiet --unconditional <../merged.cpio; cat etc/hosts",
                  "added");
    assert_output("grep -aoc TRAILER merged.cpio", "1\n");
    /* And so once more. */
    assert_int_equal(scan(fd, &end, present), CPIO_SINGLE);
}

static void an_archive_behind_another_has_no_root(void **state)
{
    (void)state;
    struct error error = {0};
    cleanup_inode struct inode *additions = make_additions();
    cleanup_close int fd = open("added.cpio", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    cleanup_sink struct sink *sink = sink_to_fd(fd, "added.cpio", NULL);
    assert_int_equal(cpio_write_addition(additions, NULL, sink, &error), 0);
    assert_int_equal(sink_finish(sink, &error), 0);
    assert_output("cpio -t --quiet <added.cpio", "etc\netc/hosts\nvar\nvar/run\nvar/run/token\n");
}

static void only_one_archive_and_zeros_are_a_single_one(void **state)
{
    (void)state;
    uint64_t end = 0, same = 0;
    cleanup_inode struct inode *image = make_image(), *present = inode_new(S_IFDIR | 0755);
    cleanup_close int fd = open_archive(image, "a.cpio");
    off_t size = lseek(fd, 0, SEEK_END);
    assert_int_equal(scan(fd, &end, present), CPIO_SINGLE);
    assert_int_equal(ftruncate(fd, size + 5000), 0);
    assert_int_equal(scan(fd, &same, present), CPIO_SINGLE);
    assert_int_equal(same, end);
    assert_int_equal(pwrite(fd, "\x1f\x8b", 2, size + 4096), 2); /* a compressed one behind */
    assert_int_equal(scan(fd, &same, present), CPIO_OTHER);
    assert_int_equal(ftruncate(fd, (off_t)end), 0); /* no trailer */
    assert_int_equal(scan(fd, &same, present), CPIO_SINGLE);
    assert_int_equal(same, end);
    assert_int_equal(ftruncate(fd, (off_t)end - 6), 0); /* the last member, a symlink's target, is cut */
    assert_int_equal(scan(fd, &same, present), CPIO_OTHER);
    assert_int_equal(ftruncate(fd, 0), 0);
    assert_int_equal(scan(fd, &same, present), CPIO_OTHER);
}

static void a_copy_without_what_is_replaced_has_the_rest(void **state)
{
    (void)state;
    struct error error = {0};
    cleanup_inode struct inode *image = make_image(), *additions = make_additions();
    cleanup_close int fd = open_archive(image, "image.cpio");
    cleanup_close int copy = open("copy.cpio", O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    cleanup_sink struct sink *sink = sink_to_fd(copy, "copy.cpio", NULL);
    assert_int_equal(cpio_copy_rest(fd, additions, sink, &error), 0);
    assert_int_equal(cpio_write_addition(additions, NULL, sink, &error), 0);
    assert_int_equal(sink_finish(sink, &error), 0);
    assert_output("cpio -t --quiet <copy.cpio",
                  ".\netc\nrun\nvar\nvar/run\netc\netc/hosts\nvar\nvar/run\nvar/run/token\n");
}

static void headers_that_lie_are_no_archive(void **state)
{
    (void)state;
    uint64_t end = 0;
    cleanup_inode struct inode *image = make_image(), *present = inode_new(S_IFDIR | 0755);
    static const struct {
        off_t at; /* of a field of the first header */
        const char *bytes;
    } lies[] = {{0, "070707"},    {14, "0000000g"}, {54, "FFFFFFFF"},
                {94, "00000000"}, {94, "FFFFFFFF"}, {94, "00000001"}};
    for (size_t i = 0; i < sizeof lies / sizeof *lies; i++) {
        cleanup_close int fd = open_archive(image, "lie.cpio");
        size_t length = strlen(lies[i].bytes);
        assert_int_equal(pwrite(fd, lies[i].bytes, length, lies[i].at), length);
        assert_int_equal(scan(fd, &end, present), CPIO_OTHER);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        temporary_test(a_small_archive_is_exactly_this),
        temporary_test(entries_come_parents_first_in_byte_order),
        temporary_test(hard_links_share_a_number_and_the_last_has_the_data),
        temporary_test(an_inode_that_another_tree_shares_is_no_hard_link),
        temporary_test(symlinks_devices_and_modes_are_kept),
        temporary_test(names_are_bytes),
        temporary_test(sizes_around_the_alignment_come_back),
        temporary_test(what_newc_cannot_hold_is_an_error_that_names_it),
        temporary_test(the_same_tree_gives_the_same_bytes),
        temporary_test(what_is_added_replaces_files_and_leaves_directories_as_they_are),
        temporary_test(an_archive_behind_another_has_no_root),
        temporary_test(only_one_archive_and_zeros_are_a_single_one),
        temporary_test(a_copy_without_what_is_replaced_has_the_rest),
        temporary_test(headers_that_lie_are_no_archive),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
