/* Paths as text. */
#include "tests/unit/fixtures/temporary.h"

#include "formats/base/cleanup.h"
#include "formats/base/path.h"

static void names_that_say_nothing_are_cleaned_away(void **state)
{
    (void)state;
    static const struct {
        const char *path, *popped, *kept, *refused;
    } cases[] = {
        {"/a//./b/", "a/b", "a/b", "a/b"},
        {"", "", "", ""},
        {"///", "", "", ""},
        {"./.", "", "", ""},
        {"a", "a", "a", "a"},
        {"a/../b", "b", "b", NULL},
        {"a/b/../../..", "", "..", NULL},
        {"../a/..", "", "..", NULL},
        {"../../a", "a", "../../a", NULL},
        {"..", "", "..", NULL},
        {"...", "...", "...", "..."},
        {"..a/.b", "..a/.b", "..a/.b", "..a/.b"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_free char *popped = path_clean(cases[i].path, PATH_DOTS_POP);
        cleanup_free char *kept = path_clean(cases[i].path, PATH_DOTS_KEEP);
        cleanup_free char *refused = path_clean(cases[i].path, PATH_DOTS_REFUSE);
        assert_string_equal(popped, cases[i].popped);
        assert_string_equal(kept, cases[i].kept);
        if (cases[i].refused != NULL)
            assert_string_equal(refused, cases[i].refused);
        else
            assert_null(refused);
    }
}

static void paths_are_split_into_directory_and_name(void **state)
{
    (void)state;
    static const struct {
        const char *path, *directory, *name;
    } cases[] = {
        {"a/b", "a", "b"}, {"a/b//", "a", "b"}, {"a//b", "a", "b"},  {"b", ".", "b"},
        {"b/", ".", "b"},  {"/b", "/", "b"},    {"//b/", "/", "b"},  {"/", "/", ""},
        {"", ".", ""},     {"/a/b", "/a", "b"}, {"a/..", "a", ".."},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_free char *directory = NULL;
        cleanup_free char *name = NULL;
        path_split(cases[i].path, &directory, &name);
        assert_string_equal(directory, cases[i].directory);
        assert_string_equal(name, cases[i].name);
    }
    path_split("a/b", NULL, NULL);
}

static void the_base_stands_behind_the_last_slash(void **state)
{
    (void)state;
    assert_string_equal(path_base("a/b"), "b");
    assert_string_equal(path_base("b"), "b");
    assert_string_equal(path_base("a/"), "");
}

static void directories_and_names_are_joined(void **state)
{
    (void)state;
    static const char *const cases[][3] = {
        {"a", "b", "a/b"}, {"/", "b", "/b"}, {"", "b", "b"}, {"a/", "b", "a/b"}, {"", "", ""}};
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cleanup_free char *path = path_join(cases[i][0], cases[i][1]);
        assert_string_equal(path, cases[i][2]);
    }
}

static void dots_are_told_from_names(void **state)
{
    (void)state;
    assert_true(path_is_dot("."));
    assert_true(path_is_dot(".."));
    assert_false(path_is_dot("..."));
    assert_false(path_is_dot(".a"));
    assert_false(path_is_dot(""));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_that_say_nothing_are_cleaned_away),
        cmocka_unit_test(paths_are_split_into_directory_and_name),
        cmocka_unit_test(the_base_stands_behind_the_last_slash),
        cmocka_unit_test(directories_and_names_are_joined),
        cmocka_unit_test(dots_are_told_from_names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
