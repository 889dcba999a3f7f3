/* Layers over layers: what image-spec's layer.md says of whiteouts, and the removal of what they hide. */
#include "builder/bundle/remove_tree.h"
#include "tests/unit/fixtures/unpack_fixture.h"

static void upper_layers_replace_and_directories_merge(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'d', "d", NULL},
                                        {'f', "d/a", "1"},
                                        {'f', "d/b", "1"},
                                        {'d', "e", NULL},
                                        {'f', "e/x", "1"},
                                        {'f', "f", "1"},
                                        {0}};
    static const struct item upper[] = {{'d', "d", NULL, 0700}, {'f', "d/a", "2"}, {'f', "e", "file"},
                                        {'d', "f", NULL},       {'f', "f/y", "2"}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    expect_text(temporary, "d/a", "2");
    expect_text(temporary, "d/b", "1");
    expect_text(temporary, "e", "file");
    expect_text(temporary, "f/y", "2");
    assert_int_equal(status_of(temporary, "d").st_mode & 0777, 0700);
}

static void whiteouts_hide_lower_layers(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'f', "a", "1"},     {'d', "d", NULL},   {'d', "d/e", NULL},
                                        {'f', "d/e/f", "1"}, {'f', "keep", "1"}, {0}};
    static const struct item upper[] = {{'f', ".wh.a", NULL},        {'f', ".wh.d", NULL},
                                        {'f', ".wh.nothing", NULL},  {'f', "nowhere/.wh.x", NULL},
                                        {'f', ".wh..wh.plnk", NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    assert_false(exists(temporary, "a"));
    assert_false(exists(temporary, "d"));
    assert_true(exists(temporary, "keep"));
    assert_false(exists(temporary, "nowhere"));
    assert_int_equal(temporary_count(temporary, "rootfs"), 1);
}

static void opaque_directories_spare_their_own_layer_in_any_order(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {
        {'d', "d", NULL}, {'f', "d/old", "1"}, {'d', "d/sub", NULL}, {'f', "d/sub/old", "1"}, {0}};
    static const struct item upper[] = {{'f', "d/first", "2"},
                                        {'f', "d/sub/new", "2"},
                                        {'f', "d/.wh..wh..opq", NULL},
                                        {'f', "d/last", "2"},
                                        {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    assert_false(exists(temporary, "d/old"));
    assert_false(exists(temporary, "d/sub/old"));
    expect_text(temporary, "d/first", "2");
    expect_text(temporary, "d/sub/new", "2");
    expect_text(temporary, "d/last", "2");
}

static void whiteouts_hide_trees_of_any_depth(void **state)
{
    struct temporary *temporary = *state;
    char path[601] = "";
    char whiteout[1310];
    for (size_t i = 0; i < 300; i++)
        memcpy(path + 2 * i, "d/", 3);
    path[599] = '\0';
    snprintf(whiteout, sizeof whiteout, "%.399s/own", path);
    const struct item lower[] = {{'f', path, "1", 0, 0, NULL}, {'d', "e", NULL, 0, 0, NULL}, {0}};
    const struct item upper[] = {{'f', whiteout, "2", 0, 0, NULL}, {'f', ".wh.d", NULL, 0, 0, NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    path[401] = '\0';
    assert_false(exists(temporary, path)); /* below the upper layer's file all is gone */
    path[399] = '\0';
    assert_int_equal(status_of(temporary, path).st_nlink, 2);
    expect_text(temporary, whiteout, "2");
}

static void a_directory_is_hidden_again_by_the_next_layer(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'f', "d/a", "1"}, {0}};
    static const struct item middle[] = {{'f', "d/.wh..wh..opq", NULL}, {'f', "d/b", "2"}, {0}};
    static const struct item upper[] = {
        {'f', "d/c", "3"}, {'f', "d/.wh..wh..opq", NULL}, {'f', "d/.wh..wh..opq", NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, middle, upper, NULL});
    assert_int_equal(temporary_count(temporary, "rootfs/d"), 1);
    expect_text(temporary, "d/c", "3");
}

static void the_way_to_an_entry_is_not_remembered_wrongly(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {
        {'f', "one/x", "1"}, {'f', "two/x", "2"}, {'l', "way", "one"}, {'f', "way/a", "a"}, {0}};
    static const struct item upper[] = {{'f', "way/b", "b"},
                                        {'l', "way", "two"},
                                        {'f', "way/c", "c"},
                                        {'f', ".wh.way", NULL},
                                        {'d', "w", NULL},
                                        {'f', "w/d", "d"},
                                        {'l', "w", "one"},
                                        {'f', "w/e", "e"},
                                        {'l', "l", "two"},
                                        {'f', "w/f", "f"},
                                        {'h', "w", "l"},
                                        {'f', "w/g", "g"},
                                        {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    expect_text(temporary, "one/b", "b");
    expect_text(temporary, "two/c", "c");
    expect_text(temporary, "one/e", "e");
    expect_text(temporary, "one/f", "f");
    expect_text(temporary, "two/g", "g");
    assert_false(exists(temporary, "two/b"));
    assert_false(exists(temporary, "one/d"));
}

/* A path that leads through the very entry that goes must be looked up again. */
static void a_path_through_what_was_replaced_leads_elsewhere(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {
        {'d', "a", NULL}, {'l', "a/s", "."}, {'d', "b", NULL}, {'l', "b/s", "."}, {0}};
    static const struct item upper[] = {
        {'d', "a/s/s", NULL}, {'f', "a/s/f", "1"}, {'f', "b/s/.wh.s", NULL}, {'f', "b/s/f", "2"}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    expect_text(temporary, "a/s/f", "1");
    expect_text(temporary, "b/s/f", "2");
    assert_false(exists(temporary, "a/f"));
    assert_false(exists(temporary, "b/f"));
    static const struct item link[] = {
        {'f', "one/x", "1"}, {'l', "w", "one"}, {'h', "w", "w/x"}, {'f', "w/y", "2"}, {0}};
    unpack_bad(temporary, link, "w/y: w: Not a directory");
}

static void a_whiteout_spares_an_entry_of_its_own_layer(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'f', "a", "1"}, {0}};
    static const struct item upper[] = {{'f', "a", "2"}, {'f', ".wh.a", NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    expect_text(temporary, "a", "2");
}

static void an_entry_that_comes_twice_counts_once(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {{'f', "a", "one"},
                                        {'f', "a", "2"},
                                        {'d', "d", NULL},
                                        {'d', "d/", NULL, 0711},
                                        {'l', "l", "a"},
                                        {'l', "l", "d"},
                                        {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    expect_text(temporary, "a", "2");
    assert_int_equal(status_of(temporary, "d").st_mode & 0777, 0711);
}

static void a_whiteout_of_dots_is_refused(void **state)
{
    struct temporary *temporary = *state;
    static const struct item one[] = {{'d', "a", NULL}, {'f', "a/.wh..", NULL}, {0}};
    static const struct item two[] = {{'d', "a", NULL}, {'f', "a/.wh...", NULL}, {0}};
    static const struct item none[] = {{'f', ".wh.", NULL}, {0}};
    unpack_bad(temporary, one, "a whiteout without a name");
    unpack_bad(temporary, two, "a whiteout without a name");
    unpack_bad(temporary, none, "a whiteout without a name");
}

static void a_directory_made_in_passing_has_no_metadata_of_a_removed_one(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'d', "d", NULL, 0711}, {0}};
    static const struct item upper[] = {{'f', ".wh.d", NULL}, {'f', "new/x", "2"}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    /* Many file systems give it the inode number that became free. */
    assert_int_equal(status_of(temporary, "new").st_mode & 0777, 0755);
}

static void names_like_those_of_removing_are_removed(void **state)
{
    static const struct item lower[] = {{'f', "d/\0011/k", "1"},   {'f', "d/a/b/k", "2"},
                                        {'f', "d/\0012", "3"},     {'f', "d/c/d/k", "4"},
                                        {'f', "d/\0013/e/k", "5"}, {0}};
    static const struct item upper[] = {{'f', "d", "text"}, {0}};
    unpack_good(*state, (const struct item *const[]){lower, upper, NULL});
    expect_text(*state, "d", "text");
}

static void deep_trees_are_removed_with_few_descriptors(void **state)
{
    struct temporary *temporary = *state;
    int fd = openat(temporary->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(mkdirat(fd, i == 0 ? "deep" : "d", 0700), 0);
        int next = openat(fd, i == 0 ? "deep" : "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (i % 100 == 0)
            assert_int_equal(symlinkat("/", fd, i == 0 ? "keep" : "link"), 0);
        close(fd);
        fd = next;
    }
    close(fd);
    struct error error = {0};
    assert_int_equal(remove_tree(temporary->fd, "deep", &error), 0);
    assert_int_equal(faccessat(temporary->fd, "deep", F_OK, 0), -1);
    assert_int_equal(temporary_count(temporary, "."), 1);
    assert_int_equal(remove_tree(temporary->fd, "missing", &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(upper_layers_replace_and_directories_merge),
        with_temporary(whiteouts_hide_lower_layers),
        with_temporary(opaque_directories_spare_their_own_layer_in_any_order),
        with_temporary(whiteouts_hide_trees_of_any_depth),
        with_temporary(a_directory_is_hidden_again_by_the_next_layer),
        with_temporary(the_way_to_an_entry_is_not_remembered_wrongly),
        with_temporary(a_path_through_what_was_replaced_leads_elsewhere),
        with_temporary(a_whiteout_spares_an_entry_of_its_own_layer),
        with_temporary(an_entry_that_comes_twice_counts_once),
        with_temporary(a_whiteout_of_dots_is_refused),
        with_temporary(a_directory_made_in_passing_has_no_metadata_of_a_removed_one),
        with_temporary(names_like_those_of_removing_are_removed),
        with_temporary(deep_trees_are_removed_with_few_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
