/* A tree without symlinks: what a guest gets that knows none. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/tree/symlinks.h"

enum { PLENTY = 1 << 20 };

static struct inode *put_directory(struct inode *parent, const char *name)
{
    cleanup_inode struct inode *made = inode_new(S_IFDIR | 0750);
    made->uid = 7;
    tree_put(parent, name, made);
    return tree_child(parent, name);
}

static void put_file(struct inode *parent, const char *name, const char *text)
{
    cleanup_inode struct inode *made = inode_new(S_IFREG | 0640);
    made->content = content_of_memory(text, strlen(text));
    tree_put(parent, name, made);
}

static void put_link(struct inode *parent, const char *name, const char *target)
{
    cleanup_inode struct inode *made = inode_new(S_IFLNK | 0777);
    made->target = xstrdup(target);
    tree_put(parent, name, made);
}

static void assert_file(const struct inode *parent, const char *name, const char *text)
{
    const struct inode *file = tree_child(parent, name);
    assert_non_null(file);
    assert_true(S_ISREG(file->mode));
    assert_int_equal(content_size(file->content), strlen(text));
    assert_memory_equal(content_memory(file->content), text, strlen(text));
}

static void a_config_map_is_files(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = inode_new(S_IFDIR | 0755);
    struct inode *data = put_directory(root, "..2026");
    put_file(data, "key", "value");
    put_file(put_directory(data, "below"), "other", "two");
    put_link(root, "..data", "..2026");
    put_link(root, "key", "..data/key");
    put_link(root, "below", "..data/below");
    cleanup_inode struct inode *plain = symlinks_resolve(root, PLENTY);
    assert_file(plain, "key", "value");
    assert_file(tree_child(plain, "below"), "other", "two");
    assert_file(tree_child(plain, "..data"), "key", "value");
    assert_int_equal(tree_child(plain, "key")->mode, S_IFREG | 0640);
    assert_int_equal(tree_child(plain, "below")->uid, 7);
    /* Two files and no hard links, which such a guest may not know either. */
    assert_ptr_not_equal(tree_child(plain, "key"), tree_child(tree_child(plain, "..data"), "key"));
    assert_true(S_ISLNK(tree_child(root, "key")->mode));
}

static void what_leads_out_or_nowhere_or_round_is_left_out(void **state)
{
    (void)state;
    static const char *const targets[] = {"/etc/passwd", "/file", "../file",       "below/../../file",
                                          "..",          "../..", "below/../../x", "missing",
                                          ".",           "self",  "file/x",        ""};
    cleanup_inode struct inode *root = inode_new(S_IFDIR | 0755);
    put_file(root, "file", "x");
    put_link(root, "self", "self");
    struct inode *below = put_directory(root, "below");
    put_link(below, "up", "..");
    put_link(below, "round", "../below/round");
    put_link(below, "good", "../file");
    for (size_t i = 0; i < sizeof targets / sizeof *targets; i++) {
        char name[16];
        snprintf(name, sizeof name, "link%zu", i);
        put_link(root, name, targets[i]);
    }
    cleanup_inode struct inode *plain = symlinks_resolve(root, PLENTY);
    assert_int_equal(plain->child_count, 2);
    assert_int_equal(tree_child(plain, "below")->child_count, 1);
    assert_file(tree_child(plain, "below"), "good", "x");
}

/* Twenty levels of two symlinks each are a million files. */
static void symlinks_that_multiply_are_stopped(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = inode_new(S_IFDIR | 0755);
    char name[16], target[16];
    put_file(put_directory(root, "d0"), "file", "bytes");
    for (int i = 1; i <= 20; i++) {
        snprintf(name, sizeof name, "d%d", i);
        snprintf(target, sizeof target, "../d%d", i - 1);
        struct inode *level = put_directory(root, name);
        put_link(level, "a", target);
        put_link(level, "b", target);
    }
    assert_null(symlinks_resolve(root, UINT64_MAX));
}

static void more_bytes_than_allowed_are_refused(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = inode_new(S_IFDIR | 0755);
    put_file(root, "file", "12345678");
    put_link(root, "again", "file");
    assert_null(symlinks_resolve(root, 15));
    cleanup_inode struct inode *plain = symlinks_resolve(root, 16);
    assert_file(plain, "again", "12345678");
}

static void deep_trees_and_long_chains_end(void **state)
{
    (void)state;
    cleanup_inode struct inode *root = inode_new(S_IFDIR | 0755);
    struct inode *directory = root;
    for (int i = 1; i < SYMLINKS_DEPTH_MAX; i++)
        directory = put_directory(directory, "d");
    cleanup_inode struct inode *plain = symlinks_resolve(root, PLENTY);
    assert_non_null(plain);
    put_directory(directory, "d");
    cleanup_inode struct inode *cut = symlinks_resolve(root, PLENTY);
    assert_non_null(cut);
    cleanup_inode struct inode *chain = inode_new(S_IFDIR | 0755);
    put_file(chain, "l0", "x");
    for (int i = 1; i <= SYMLINKS_HOPS_MAX + 1; i++) {
        char name[16], target[16];
        snprintf(name, sizeof name, "l%d", i);
        snprintf(target, sizeof target, "l%d", i - 1);
        put_link(chain, name, target);
    }
    cleanup_inode struct inode *resolved = symlinks_resolve(chain, PLENTY);
    assert_int_equal(resolved->child_count, SYMLINKS_HOPS_MAX + 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_config_map_is_files),
        cmocka_unit_test(what_leads_out_or_nowhere_or_round_is_left_out),
        cmocka_unit_test(symlinks_that_multiply_are_stopped),
        cmocka_unit_test(more_bytes_than_allowed_are_refused),
        cmocka_unit_test(deep_trees_and_long_chains_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
