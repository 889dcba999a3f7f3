/* Layers: tar headers, extended headers, digests. */
#include "tests/unit/fixtures/formats_fixture.h"

#include <sys/sysmacros.h>

#include "formats/archive/layer.h"

static int try_write(struct inode *root, enum compression compression, bool with_root, const char *path,
                     struct layer_result *result, struct error *error)
{
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    cleanup_sink struct sink *sink = sink_to_fd(fd, path, NULL);
    return layer_write(root, compression, with_root, sink, result, error);
}

static struct layer_result write_layer(struct inode *root, enum compression compression, const char *path)
{
    struct error error = {0};
    struct layer_result result;
    if (try_write(root, compression, false, path, &result, &error) < 0)
        fail_msg("%s", error.message);
    return result;
}

static void assert_listing(struct inode *root, const char *expected)
{
    write_layer(root, COMPRESSION_NONE, "tar");
    assert_output("tar -tf tar", expected);
}

static void an_empty_tree_is_two_blocks_of_zeros(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    assert_listing(root, "");
    assert_output("stat -c %s tar; tr -d '\\0' < tar | wc -c", "1024\n0\n");
}

static void digests_are_of_the_blob_and_of_the_tar(void **state)
{
    (void)state;
    static const char *const commands[] = {"cat blob", "gzip -dc blob", "zstd -qdc blob"};
    cleanup_inode struct inode *root = new_root();
    put_text(root, "dir/file", "content");
    for (enum compression kind = COMPRESSION_NONE; kind <= COMPRESSION_ZSTD; kind++) {
        if (kind == COMPRESSION_ZSTD && run("command -v zstd > /dev/null") != 0)
            continue;
        struct layer_result result = write_layer(root, kind, "blob");
        assert_int_equal(
            run("test $(stat -c %%s blob) = %llu && test sha256:$(sha256sum < blob | cut -c1-64) = %s && "
                "test sha256:$(%s | sha256sum | cut -c1-64) = %s",
                (unsigned long long)result.size, result.digest.text, commands[kind], result.diff_id.text),
            0);
    }
}

static void entries_come_parents_first_in_byte_order(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    put_text(root, "b/c/file", "x");
    put_text(root, "b/c-", "x");
    put_text(root, "a", "x");
    assert_listing(root, "a\nb/\nb/c/\nb/c/file\nb/c-\n");
}

static void the_root_has_an_entry_only_when_asked_for(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct layer_result result;
    struct error error = {0};
    put_text(root, "a", "x");
    root->mode = S_IFDIR | 0700;
    assert_int_equal(try_write(root, COMPRESSION_NONE, true, "tar", &result, &error), 0);
    assert_output("tar -tf tar", "./\na\n");
    assert_output_has("tar -tvf tar", "drwx------ 0/0");
}

static void hard_links_follow_their_first_name(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct inode *file = put_text(root, "d/first", "data");
    tree_put(root, "later", file);
    inode_set_xattr(file, "user.x", "y", 1);
    write_layer(root, COMPRESSION_NONE, "tar");
    assert_output_has("tar -tvf tar", "later link to d/first");
    assert_int_equal(run("mkdir out && tar -C out -xf tar"), 0);
    assert_output("stat -c %h out/later; cat out/later", "2\ndata");
    assert_output("grep -ac SCHILY.xattr.user.x tar", "1\n");
}

static void metadata_is_kept(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct inode *file = put_text(root, "f", "x");
    file->mode = S_IFREG | 06755;
    file->uid = 1000;
    file->gid = 2097151;
    file->mtime = 1234567890;
    put_symlink(root, "link", "../target");
    put(root, "null", S_IFCHR | 0666)->device = makedev(1, 3);
    put(root, "disk", S_IFBLK | 0660)->device = makedev(4095, 1048575);
    put(root, "pipe", S_IFIFO | 0600);
    write_layer(root, COMPRESSION_NONE, "tar");
    assert_output_has("TZ=UTC tar --full-time -tvf tar",
                      "-rwsr-sr-x 1000/2097151      1 2009-02-13 23:31:30 f");
    assert_output_has("tar -tvf tar", "link -> ../target");
    assert_output_has("tar -tvf tar", "1,3");
    assert_output_has("tar -tvf tar", "4095,1048575");
    assert_output_has("tar -tvf tar", "prw-------");
    assert_output("grep -ac PaxHeaders tar || true", "0\n");
}

static void what_ustar_cannot_hold_goes_into_extended_headers(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct inode *file = put_text(root, "f", "x");
    file->uid = 2097152;
    file->gid = 4294967295;
    file->mtime = INT64_C(8589934592);
    put_text(root, "old", "")->mtime = -5;
    write_layer(root, COMPRESSION_NONE, "tar");
    assert_output_has("TZ=UTC tar --full-time -tvf tar", "2097152/4294967295");
    assert_output_has("TZ=UTC tar --full-time -tvf tar", "2242-03-16 12:56:32 f");
    assert_output_has("TZ=UTC tar --full-time -tvf tar", "1969-12-31 23:59:55 old");
}

/* A path of `length` bytes, components of up to 50. */
static void make_path(char *path, size_t length)
{
    for (size_t i = 0; i < length; i++)
        path[i] = i % 51 == 50 && i + 1 < length ? '/' : 'p';
    path[length] = '\0';
}

static void paths_of_any_length_come_back(void **state)
{
    (void)state;
    static const size_t lengths[] = {99, 100, 101, 155, 156, 200, 255, 256, 257, 300, 3000};
    for (size_t i = 0; i < sizeof lengths / sizeof *lengths; i++) {
        cleanup_inode struct inode *root = new_root();
        char path[3001], command[3200];
        make_path(path, lengths[i]);
        put_text(root, path, "x");
        put_symlink(root, "zz", path);
        write_layer(root, COMPRESSION_NONE, "tar");
        snprintf(command, sizeof command, "%s\n", path);
        assert_output("tar -tf tar | tail -2 | head -1", command);
        snprintf(command, sizeof command, "zz -> %s\n", path);
        assert_output_has("tar -tvf tar", command);
    }
}

static void a_long_name_without_a_slash_to_divide_it_comes_back(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    char name[256] = "", line[300];
    memset(name, 'n', 255);
    put_text(root, name, "x");
    snprintf(line, sizeof line, "%s\n", name);
    assert_listing(root, line);
}

static void names_are_bytes_in_every_locale(void **state)
{
    (void)state;
    static const char *const locales[] = {"C", "C.UTF-8"};
    for (size_t i = 0; i < 2; i++) {
        cleanup_inode struct inode *root = new_root();
        setlocale(LC_ALL, locales[i]);
        put_text(root, "\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", "1");
        put_text(root, "bad\xff\xfe", "2");
        put_symlink(root, "link", "\xe6\x97\xa5\xe6\x9c\xac\xff");
        write_layer(root, COMPRESSION_NONE, locales[i]);
    }
    setlocale(LC_ALL, "C");
    assert_same_file("C", "C.UTF-8");
    assert_int_equal(run("mkdir out && tar -C out -xf C"), 0);
    assert_int_equal(access("out/\xc5\xbc\xc3\xb3\xc5\x82\xc4\x87", F_OK), 0);
    assert_int_equal(access("out/bad\xff\xfe", F_OK), 0);
    char target[16] = "";
    assert_int_equal(readlink("out/link", target, sizeof target), 7);
    assert_string_equal(target, "\xe6\x97\xa5\xe6\x9c\xac\xff");
}

static void xattrs_are_records_of_raw_bytes(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct inode *file = put_text(root, "f", "x");
    struct error error = {0};
    struct layer_result result;
    inode_set_xattr(file, "security.capability", "\1\0\0\2\0\n=\0", 8);
    write_layer(root, COMPRESSION_NONE, "tar");
    assert_output("grep -ac '45 SCHILY.xattr.security.capability=' tar", "1\n");
    assert_output_has("tar --xattrs --xattrs-include='*' -tvvf tar", "x: 8 security.capability");
    inode_set_xattr(file, "user.a=b", "x", 1);
    assert_int_equal(try_write(root, COMPRESSION_NONE, false, "tar", &result, &error), -1);
    assert_error(&error, "f: the xattr name \"user.a=b\"");
}

static void sockets_are_left_out(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    put(root, "socket", S_IFSOCK | 0600);
    put_text(root, "z", "x");
    assert_listing(root, "z\n");
}

static void a_sparse_file_is_read_as_its_bytes(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    put(root, "f", S_IFREG | 0644)->content = content_of_hole("hole", (16 << 20) + 1);
    write_layer(root, COMPRESSION_GZIP, "tgz");
    assert_int_equal(run("tar -xzOf tgz f | cmp - hole"), 0);
}

static void writing_again_gives_the_same_bytes(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    for (int i = 0; i < 200; i++) {
        char name[32];
        snprintf(name, sizeof name, "d%d/file-%d", i % 9, i);
        put_text(root, name, name);
    }
    cleanup_inode struct inode *copy = tree_copy(root);
    struct layer_result first = write_layer(root, COMPRESSION_GZIP, "first");
    struct layer_result second = write_layer(copy, COMPRESSION_GZIP, "second");
    assert_same_file("first", "second");
    assert_string_equal(first.digest.text, second.digest.text);
    assert_string_equal(first.diff_id.text, second.diff_id.text);
}

static void an_error_names_the_file(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct error error = {0};
    struct layer_result result;
    struct content *content = content_of_hole("hole", 100);
    put(root, "dir/f", S_IFREG | 0644)->content = content;
    assert_int_equal(truncate("hole", 50), 0);
    assert_int_equal(try_write(root, COMPRESSION_GZIP, false, "tgz", &result, &error), -1);
    assert_error(&error, "dir/f: hole: changed while it was being read");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        temporary_test(an_empty_tree_is_two_blocks_of_zeros),
        temporary_test(digests_are_of_the_blob_and_of_the_tar),
        temporary_test(entries_come_parents_first_in_byte_order),
        temporary_test(the_root_has_an_entry_only_when_asked_for),
        temporary_test(hard_links_follow_their_first_name),
        temporary_test(metadata_is_kept),
        temporary_test(what_ustar_cannot_hold_goes_into_extended_headers),
        temporary_test(paths_of_any_length_come_back),
        temporary_test(a_long_name_without_a_slash_to_divide_it_comes_back),
        temporary_test(names_are_bytes_in_every_locale),
        temporary_test(xattrs_are_records_of_raw_bytes),
        temporary_test(sockets_are_left_out),
        temporary_test(a_sparse_file_is_read_as_its_bytes),
        temporary_test(writing_again_gives_the_same_bytes),
        temporary_test(an_error_names_the_file),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
