/* Command lines: what is taken, and what is refused. */
#include "formats/base/options.h"

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

/* The variables that take the options of the tests' table. */
struct line {
    const char *bundle;
    bool force;
    bool quiet;
    struct strings labels;
    struct operands rest;
};

static void line_free(struct line *line)
{
    strings_free(&line->labels);
    operands_free(&line->rest);
}
#define cleanup_line __attribute__((cleanup(line_free)))

static int take_label(void *context, const char *value, struct error *error)
{
    if (*value == '\0')
        return error_set(error, "is empty");
    strings_add(context, value);
    return 0;
}

static int parse_extent(const char *const *words, enum options_extent extent, struct line *line,
                        struct error *error)
{
    const struct option_spec specs[] = {
        OPTION_VALUE("bundle", 'b', "DIR", "", &line->bundle),
        OPTION_FLAG("force", 'f', "", &line->force),
        OPTION_FLAG("quiet", 'q', "", &line->quiet),
        OPTION_ADD("label", 'l', "KEY=VALUE", "", take_label, &line->labels),
        OPTION_IGNORED("ignored", "N", ""),
        OPTION_REFUSED("squash", "write --force"),
        OPTIONS_END,
    };
    return options_parse(specs, (char *const *)words, extent, &line->rest, error);
}

static int parse(const char *const *words, struct line *line, struct error *error)
{
    return parse_extent(words, OPTIONS_TO_END, line, error);
}

static void options_are_taken_in_every_spelling(void **state)
{
    (void)state;
    static const char *const lines[][7] = {{"x", "--bundle", "d", "-f", "id", NULL},
                                           {"x", "--bundle=d", "id", "--force", NULL},
                                           {"x", "-b", "d", "--force=true", "id", NULL},
                                           {"x", "-bundle", "d", "-force", "id", NULL},
                                           {"x", "-fb", "d", "id", NULL},
                                           {"x", "-qfbd", "id", NULL},
                                           {"x", "-b=d", "id", "-f", "--ignored", "7", 0}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cleanup_error struct error error = {0};
        cleanup_line struct line line = {0};
        assert_true(parse(lines[i], &line, &error) > 0);
        assert_string_equal(line.bundle, "d");
        assert_true(line.force);
        assert_int_equal(line.rest.count, 1);
        assert_string_equal(line.rest.items[0], "id");
        assert_null(line.rest.items[1]);
    }
}

static void unknown_options_and_missing_values_are_errors(void **state)
{
    (void)state;
    static const struct {
        const char *words[3];
        const char *expected;
    } lines[] = {
        {{"x", "--nope", NULL}, "unknown option --nope; see --help"},
        {{"x", "--forse", NULL}, "unknown option --forse; did you mean --force?"},
        {{"x", "--bundle", NULL}, "--bundle: needs a value (DIR)"},
        {{"x", "-b", NULL}, "--bundle: needs a value (DIR)"},
        {{"x", "--force=7", NULL}, "--force=7: it takes no value"},
        {{"x", "-fz", NULL}, "unknown option -z; see --help"},
        {{"x", "-=", NULL}, "unknown option -=; see --help"},
        {{"x", "--label=", NULL}, "--label : is empty"},
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cleanup_error struct error error = {0};
        cleanup_line struct line line = {0};
        assert_int_equal(parse(lines[i].words, &line, &error), -1);
        assert_string_equal(error.message, lines[i].expected);
    }
}

static void a_name_is_never_abbreviated(void **state)
{
    (void)state;
    static const char *const words[] = {"--bund=d", "--forc", "--lab", "-forc", "--b", "--f=true"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        cleanup_error struct error error = {0};
        cleanup_line struct line line = {0};
        assert_int_equal(parse((const char *[]){"x", words[i], "value", NULL}, &line, &error), -1);
        assert_non_null(strstr(error.message, "unknown option"));
    }
}

static void an_option_can_be_taken_several_times(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_line struct line line = {0};
    assert_true(parse((const char *[]){"x", "--label", "a=1", "-lb=2", "-l", "c", NULL}, &line, &error) > 0);
    assert_int_equal(line.labels.count, 3);
    assert_string_equal(line.labels.items[1], "b=2");
}

static void two_dashes_end_the_options(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_line struct line line = {0};
    assert_true(parse((const char *[]){"x", "-", "--", "--force", "-b", NULL}, &line, &error) > 0);
    assert_false(line.force);
    assert_int_equal(line.rest.count, 3);
    assert_string_equal(line.rest.items[0], "-");
    assert_string_equal(line.rest.items[1], "--force");
}

static void global_options_end_at_the_command(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_line struct line line = {0};
    static const char *const words[] = {"x", "--force", "create", "--bundle", "d", NULL};
    assert_int_equal(parse_extent(words, OPTIONS_TO_OPERAND, &line, &error), 2);
    assert_null(line.bundle);
}

static void help_is_known_everywhere_but_behind_two_dashes_and_as_a_value(void **state)
{
    (void)state;
    static const char *const asking[][4] = {
        {"x", "--help", NULL}, {"x", "id", "-h", NULL}, {"x", "-fh", NULL}, {"x", "-help", NULL}};
    static const char *const other[][4] = {{"x", "--", "--help", NULL}, {"x", "--bundle", "-h", NULL}};
    for (size_t i = 0; i < sizeof asking / sizeof *asking; i++) {
        cleanup_error struct error error = {0};
        cleanup_line struct line line = {0};
        assert_int_equal(parse(asking[i], &line, &error), 0);
    }
    for (size_t i = 0; i < sizeof other / sizeof *other; i++) {
        cleanup_error struct error error = {0};
        cleanup_line struct line line = {0};
        assert_true(parse(other[i], &line, &error) > 0);
    }
}

static void options_of_other_programs_are_refused_with_what_to_do(void **state)
{
    (void)state;
    static const char *const lines[][4] = {
        {"x", "--squash", "id", NULL}, {"x", "--squash=1", NULL}, {"x", "-squash", NULL}};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        cleanup_line struct line line = {0};
        cleanup_error struct error error = {0};
        assert_int_equal(parse(lines[i], &line, &error), -1);
        assert_string_equal(error.message, "unknown option --squash: write --force");
    }
    /* It is not suggested. */
    cleanup_line struct line line = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(parse((const char *const[]){"x", "--squas", NULL}, &line, &error), -1);
    assert_string_equal(error.message, "unknown option --squas; see --help");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_of_other_programs_are_refused_with_what_to_do),
        cmocka_unit_test(options_are_taken_in_every_spelling),
        cmocka_unit_test(unknown_options_and_missing_values_are_errors),
        cmocka_unit_test(a_name_is_never_abbreviated),
        cmocka_unit_test(an_option_can_be_taken_several_times),
        cmocka_unit_test(two_dashes_end_the_options),
        cmocka_unit_test(global_options_end_at_the_command),
        cmocka_unit_test(help_is_known_everywhere_but_behind_two_dashes_and_as_a_value),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
