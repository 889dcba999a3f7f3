/* The file tree: names, paths, copies, merges. */
#include "formats/tree/inode_map.h"
#include "formats/tree/lookup.h"
#include "tests/unit/fixtures/formats_fixture.h"

static void children_are_sorted_whatever_the_order_they_come_in(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    const char *names[] = {"b", "a", "\xc3\xa9", "c", "B", "a-", "aa"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        put(root, names[i], S_IFREG);
    assert_int_equal(root->child_count, 7);
    for (size_t i = 1; i < root->child_count; i++)
        assert_true(strcmp(root->children[i - 1].name, root->children[i].name) < 0);
}

static void put_replaces_and_releases_what_stood_there(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    cleanup_inode struct inode *old = inode_new(S_IFREG);
    tree_put(root, "a", old);
    assert_int_equal(old->references, 2);
    struct inode *replacement = put(root, "a", S_IFDIR);
    assert_int_equal(old->references, 1);
    assert_ptr_equal(tree_child(root, "a"), replacement);
    assert_int_equal(root->child_count, 1);
    tree_put(root, "a", replacement);
    assert_int_equal(replacement->references, 1);
}

static void xattrs_are_sorted_and_replaced_by_name(void **state)
{
    (void)state;
    cleanup_inode struct inode *inode = inode_new(S_IFREG);
    inode_set_xattr(inode, "user.b", "1", 1);
    inode_set_xattr(inode, "user.a", "22", 2);
    inode_set_xattr(inode, "user.b", "333", 3);
    assert_int_equal(inode->xattr_count, 2);
    assert_string_equal(inode->xattrs[0].name, "user.a");
    assert_int_equal(inode->xattrs[1].length, 3);
    assert_memory_equal(inode->xattrs[1].value, "333", 3);
}

static void a_copy_has_directories_of_its_own_and_shares_files(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    struct inode *file = put(root, "d/file", S_IFREG);
    tree_put(root, "link", file);
    tree_child(root, "d")->uid = 7;
    inode_set_xattr(tree_child(root, "d"), "user.x", "y", 1);
    cleanup_inode struct inode *copy = tree_copy(root);
    put(copy, "d/new", S_IFREG);
    assert_null(tree_child(tree_child(root, "d"), "new"));
    assert_int_equal(tree_child(copy, "d")->uid, 7);
    assert_int_equal(tree_child(copy, "d")->xattr_count, 1);
    assert_ptr_equal(tree_child(copy, "link"), tree_child(tree_child(copy, "d"), "file"));
}

static struct inode *tree_with_symlinks(void)
{
    struct inode *root = new_root();
    put(root, "usr/lib/file", S_IFREG);
    put_symlink(root, "lib", "usr/lib");
    put_symlink(root, "absolute", "/usr/lib");
    put_symlink(root, "outside", "../../../usr");
    put_symlink(root, "loop", "loop2");
    put_symlink(root, "loop2", "/loop");
    put_symlink(root, "dangling", "usr/missing");
    put_symlink(root, "usr/lib/up", "../..");
    return root;
}

static void lookup_resolves_as_inside_of_a_chroot(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = tree_with_symlinks();
    cleanup_error struct error error = {0};
    struct inode *file = tree_lookup(root, "/usr/lib/file", TREE_FOLLOW, &error);
    assert_non_null(file);
    const char *same[] = {
        "usr/lib/file",           "/lib/file",        "absolute/file",   "//lib//./file",
        "../../lib/../lib/file",  "outside/lib/file", "lib/up/lib/file", "lib/up/../lib/file",
        "/usr/lib/../../lib/file"};
    for (size_t i = 0; i < sizeof same / sizeof *same; i++)
        assert_ptr_equal(tree_lookup(root, same[i], TREE_FOLLOW, &error), file);
    assert_ptr_equal(tree_lookup(root, "/", TREE_FOLLOW, &error), root);
    assert_ptr_equal(tree_lookup(root, "", TREE_FOLLOW, &error), root);
    assert_true(S_ISLNK(tree_lookup(root, "lib", TREE_NOFOLLOW, &error)->mode));
    assert_true(S_ISDIR(tree_lookup(root, "lib/", TREE_NOFOLLOW, &error)->mode));
    assert_true(S_ISDIR(tree_lookup(root, "lib", TREE_FOLLOW, &error)->mode));
}

static void lookup_fails_with_the_number_of_the_reason(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        int number;
    } cases[] = {
        {"missing", ENOENT},         {"usr/missing/x", ENOENT},
        {"dangling", ENOENT},        {"loop", ELOOP},
        {"usr/lib/file/x", ENOTDIR}, {"usr/lib/file/..", ENOTDIR},
        {"usr/lib/file/", ENOTDIR},
    };
    cleanup_inode struct inode *root = tree_with_symlinks();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_error struct error error = {0};
        assert_null(tree_lookup(root, cases[i].path, TREE_FOLLOW, &error));
        assert_int_equal(error.number, cases[i].number);
        assert_non_null(strstr(error.message, cases[i].path));
    }
}

static void symlinks_that_double_a_path_end_in_an_error(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    cleanup_error struct error error = {0};
    char name[3] = "l0", target[8192];
    for (int i = 0; i < 38; i++) {
        name[1] = (char)('0' + i);
        char next = (char)('0' + i + 1);
        memset(target, 0, sizeof target);
        for (size_t at = 0; at + 4 < sizeof target; at += 3) {
            target[at] = 'l';
            target[at + 1] = next;
            target[at + 2] = '/';
        }
        put_symlink(root, name, target);
    }
    assert_null(tree_lookup(root, "l0", TREE_FOLLOW, &error));
    assert_int_equal(error.number, ENAMETOOLONG);
}

static void real_path_keeps_what_does_not_exist(void **state)
{
    (void)state;
    static const struct {
        const char *path;
        enum tree_resolve how;
        const char *real;
    } cases[] = {
        {"lib/new/file", TREE_FOLLOW, "/usr/lib/new/file"},
        {"lib", TREE_NOFOLLOW, "/lib"},
        {"lib", TREE_FOLLOW, "/usr/lib"},
        {"dangling", TREE_FOLLOW, "/usr/missing"},
        {"dangling/x", TREE_NOFOLLOW, "/usr/missing/x"},
        {"new/../other", TREE_FOLLOW, "/other"},
        {"/../..", TREE_FOLLOW, "/"},
        {"outside/../x", TREE_FOLLOW, "/x"},
    };
    cleanup_inode struct inode *root = tree_with_symlinks();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_error struct error error = {0};
        cleanup_free char *real = tree_real_path(root, cases[i].path, cases[i].how, &error);
        assert_non_null(real);
        assert_string_equal(real, cases[i].real);
    }
}

static void real_path_fails_below_a_file_and_in_a_loop(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = tree_with_symlinks();
    cleanup_error struct error error = {0};
    assert_null(tree_real_path(root, "usr/lib/file/x", TREE_FOLLOW, &error));
    assert_int_equal(error.number, ENOTDIR);
    assert_null(tree_real_path(root, "loop/x", TREE_FOLLOW, &error));
    assert_int_equal(error.number, ELOOP);
}

static void merge_joins_directories_and_replaces_all_else(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root(), *layer = new_root();
    put(root, "both/old", S_IFREG);
    put(root, "file-to-directory", S_IFREG);
    put(root, "directory-to-file/x", S_IFREG);
    put(layer, "both/new", S_IFREG);
    tree_child(layer, "both")->mode = S_IFDIR | 0700;
    tree_child(layer, "both")->mtime = 9;
    inode_set_xattr(tree_child(root, "both"), "user.gone", "", 0);
    put(layer, "file-to-directory/y", S_IFREG);
    put(layer, "directory-to-file", S_IFREG);
    tree_merge(root, layer);
    struct inode *both = tree_child(root, "both");
    assert_non_null(tree_child(both, "old"));
    assert_non_null(tree_child(both, "new"));
    assert_int_equal(both->mode, S_IFDIR | 0700);
    assert_int_equal(both->mtime, 9);
    assert_int_equal(both->xattr_count, 0);
    assert_non_null(tree_child(tree_child(root, "file-to-directory"), "y"));
    assert_true(S_ISREG(tree_child(root, "directory-to-file")->mode));
    put(root, "file-to-directory/z", S_IFREG);
    assert_null(tree_child(tree_child(layer, "file-to-directory"), "z"));
}

static int append_path(const char *path, struct inode *inode, void *data, struct error *error)
{
    (void)inode, (void)error;
    buffer_format(data, "[%s]", path);
    return strcmp(path, "stop") == 0 ? 42 : 0;
}

static void walk_goes_parents_first_and_ends_when_told(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = new_root();
    cleanup_error struct error error = {0};
    cleanup_buffer struct buffer paths = {0};
    put(root, "a/b/c", S_IFREG);
    put(root, "a/d", S_IFREG);
    put(root, "a-", S_IFREG);
    assert_int_equal(tree_walk(root, append_path, &paths, &error), 0);
    assert_string_equal(paths.data, "[][a][a/b][a/b/c][a/d][a-]");
    put(root, "stop", S_IFREG);
    put(root, "zzz", S_IFREG);
    assert_int_equal(tree_walk(root, append_path, &paths, &error), 42);
    assert_null(strstr(paths.data, "zzz"));
}

static int count_visit(const char *path, struct inode *inode, void *data, struct error *error)
{
    (void)path, (void)inode, (void)error;
    ++*(size_t *)data;
    return 0;
}

static void depth_is_limited_by_no_stack(void **state)
{
    (void)state;
    enum { DEPTH = 50000 };
    cleanup_inode struct inode *root = new_root();
    cleanup_error struct error error = {0};
    struct inode *directory = root;
    for (int i = 0; i < DEPTH; i++)
        directory = put(directory, "d", S_IFDIR | 0755);
    cleanup_inode struct inode *copy = tree_copy(root);
    tree_merge(copy, root);
    tree_child(copy, "d")->mtime = 5;
    size_t count = 0;
    assert_int_equal(tree_walk(copy, count_visit, &count, &error), 0);
    assert_int_equal(count, DEPTH + 1);
    assert_int_equal(tree_child(copy, "d")->mtime, 5);
    assert_int_equal(tree_child(root, "d")->mtime, 0);
}

static void the_map_keeps_a_number_for_each_inode(void **state)
{
    (void)state;
    enum { COUNT = 20000 };
    struct inode_map *map = inode_map_new();
    struct inode *inodes = xcalloc(COUNT, sizeof *inodes);
    for (size_t i = 0; i < COUNT; i++) {
        uint64_t *slot = inode_map_at(map, &inodes[i]);
        assert_int_equal(*slot, 0);
        *slot = i + 1;
    }
    for (size_t i = 0; i < COUNT; i++)
        assert_int_equal(*inode_map_at(map, &inodes[i]), i + 1);
    free(inodes);
    inode_map_free(map);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(children_are_sorted_whatever_the_order_they_come_in),
        cmocka_unit_test(put_replaces_and_releases_what_stood_there),
        cmocka_unit_test(xattrs_are_sorted_and_replaced_by_name),
        cmocka_unit_test(a_copy_has_directories_of_its_own_and_shares_files),
        cmocka_unit_test(lookup_resolves_as_inside_of_a_chroot),
        cmocka_unit_test(lookup_fails_with_the_number_of_the_reason),
        cmocka_unit_test(symlinks_that_double_a_path_end_in_an_error),
        cmocka_unit_test(real_path_keeps_what_does_not_exist),
        cmocka_unit_test(real_path_fails_below_a_file_and_in_a_loop),
        cmocka_unit_test(merge_joins_directories_and_replaces_all_else),
        cmocka_unit_test(walk_goes_parents_first_and_ends_when_told),
        cmocka_unit_test(depth_is_limited_by_no_stack),
        cmocka_unit_test(the_map_keeps_a_number_for_each_inode),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
