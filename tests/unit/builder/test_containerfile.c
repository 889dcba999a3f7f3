/* The Containerfile language: lines, instructions, stages, and what is wrong with them. */
#include "builder/spec/parse.h"

#include "tests/unit/fixtures/builder_fixture.h"

static void parse(struct spec *spec, const char *text)
{
    cleanup_error struct error error = {0};
    if (spec_parse(spec, "Containerfile", text, strlen(text), &error) < 0)
        fail_msg("%s", error.message);
}

static void check_error_of(const char *text, size_t length, const char *expected)
{
    cleanup_error struct error error = {0};
    cleanup_spec struct spec spec = {0};
    assert_int_equal(spec_parse(&spec, "Containerfile", text, length, &error), -1);
    if (strncmp(error.message, "Containerfile:", 14) != 0 || strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", error.message, expected);
}

static void check_error(const char *text, const char *expected)
{
    check_error_of(text, strlen(text), expected);
}

static const struct instruction *first(const struct spec *spec)
{
    assert_true(spec->stage_count > 0 && spec->stages[0].count > 0);
    return &spec->stages[0].instructions[0];
}

/* The words of the only instruction behind FROM, joined with "|". */
static void check_words(const char *line, const char *expected)
{
    cleanup_spec struct spec spec = {0};
    cleanup_free char *text = xasprintf("FROM scratch\n%s\n", line);
    parse(&spec, text);
    cleanup_buffer struct buffer words = {0};
    buffer_add(&words, "", 0);
    for (size_t i = 0; i < first(&spec)->words.count; i++)
        buffer_format(&words, "%s%s", i > 0 ? "|" : "", first(&spec)->words.items[i]);
    assert_string_equal(words.data, expected);
}

static void instructions_know_their_lines(void **state)
{
    (void)state;
    cleanup_spec struct spec spec = {0};
    parse(&spec, "# comment\n\nFROM scratch\n\n  COPY a \\\n   b\nUSER x\n");
    assert_int_equal(spec.stages[0].from.line, 3);
    assert_int_equal(spec.stages[0].instructions[0].line, 5);
    assert_int_equal(spec.stages[0].instructions[1].line, 7);
}

static void names_of_instructions_are_the_same_in_any_case(void **state)
{
    (void)state;
    cleanup_spec struct spec spec = {0};
    parse(&spec, "from scratch as Base\ncopy a b\n");
    assert_string_equal(first(&spec)->kind->name, "COPY");
    assert_string_equal(spec.stages[0].name, "base");
}

static void continued_lines_join_over_comments_and_blank_lines(void **state)
{
    (void)state;
    check_words("COPY a \\\n# a comment\n\n   b \\  \n c", "a|b|c");
    check_words("USER one\\\\", "one\\\\");
    check_words("USER a # b", "a # b");
}

static void a_carriage_return_is_part_of_the_line_end(void **state)
{
    (void)state;
    check_words("COPY a \\\r\n b\r", "a|b");
}

static void the_escape_directive_changes_continuation(void **state)
{
    (void)state;
    cleanup_spec struct spec spec = {0};
    parse(&spec, "# syntax=docker/dockerfile:1\n# escape=`\nFROM scratch\nCOPY a\\ `\n b\n");
    assert_int_equal(spec.escape, '`');
    assert_string_equal(first(&spec)->words.items[0], "a\\");
    check_error("# escape=x\nFROM scratch\n", "1: the escape character");
    check_error("# escape=\\\n# escape=`\nFROM scratch\n", "2: the directive \"escape\" is given twice");
}

static void a_directive_behind_a_comment_is_a_comment(void **state)
{
    (void)state;
    cleanup_spec struct spec spec = {0};
    parse(&spec, "# hello\n# escape=`\nFROM scratch\n");
    assert_int_equal(spec.escape, '\\');
}

static void a_byte_order_mark_is_skipped(void **state)
{
    (void)state;
    cleanup_spec struct spec spec = {0};
    parse(&spec, "\xef\xbb\xbf# escape=`\nFROM scratch\n");
    assert_int_equal(spec.escape, '`');
}

static void arguments_come_as_words_or_as_json(void **state)
{
    (void)state;
    check_words("COPY  a\tb  c/", "a|b|c/");
    check_words("COPY [\"a b\", \"c\"]", "a b|c");
    check_words("COPY [ab] c", "[ab]|c");
    check_words("CMD [\"a\", \"\\u0062 \\\"c\"]", "a|b \"c");
    check_words("CMD []", "");
    check_words("CMD a  b \"c\"", "a  b \"c\"");
    check_words("CMD [ -e /x ] && y", "[ -e /x ] && y");
    check_words("WORKDIR /a b", "/a b");
}

static void json_arrays_of_other_things_are_rejected(void **state)
{
    (void)state;
    check_error("FROM scratch\nCMD ['a', 'b']\n", "2: CMD: ['a', 'b'] is not a JSON array");
    check_error("FROM scratch\nENTRYPOINT [\"a\", 1]\n", "2: ENTRYPOINT: ");
    check_error("FROM scratch\nCMD [\"a\\u0000b\"]\n", "2: CMD: ");
    check_error("FROM scratch\nCOPY [\"a\", \"/b\"\n", "2: COPY: [\"a\", \"/b\" is not a JSON array");
    check_error("FROM scratch\nCOPY ['a', '/b']\n", "2: COPY: ['a', '/b'] is not a JSON array");
    check_words("COPY [[]a] /b", "[[]a]|/b");
    check_error("FROM scratch\nCMD\n", "2: CMD: the command is missing");
}

static void pairs_come_in_both_forms(void **state)
{
    (void)state;
    check_words("ENV a=b c=\"d e\" f=g\\ h", "a|b|c|\"d e\"|f|g\\ h");
    check_words("ENV a b c=d", "a|b c=d");
    check_words("LABEL \"com.x.y\"=z", "\"com.x.y\"|z");
    check_words("LABEL a=", "a|");
    check_words("LABEL a=b=c", "a|b=c");
    check_error("FROM scratch\nENV a=b c\n", "2: ENV: \"c\" has no \"=\"");
    check_error("FROM scratch\nENV a\n", "2: ENV: a value is missing");
    check_error("FROM scratch\nENV =b\n", "2: ENV: a name is missing");
    check_error("FROM scratch\nLABEL a=\"b\n", "2: LABEL: a \" quote has no end");
}

static void flags_stand_in_front(void **state)
{
    (void)state;
    cleanup_spec struct spec spec = {0};
    parse(&spec, "FROM scratch\nCOPY --from=x --chown=\"a b\":c --link a --chmod=1\n");
    assert_string_equal(instruction_flag(first(&spec), "from"), "x");
    assert_string_equal(instruction_flag(first(&spec), "chown"), "a b:c");
    assert_string_equal(instruction_flag(first(&spec), "link"), "");
    assert_null(instruction_flag(first(&spec), "chmod"));
    assert_string_equal(first(&spec)->words.items[1], "--chmod=1");
}

static void wrong_flags_are_rejected(void **state)
{
    (void)state;
    check_error("FROM scratch\nCOPY --frm=a b c\n", "2: COPY: unknown flag --frm; it takes --from, --chown");
    check_error("FROM scratch\nCOPY --from=a --from=b c d\n", "2: COPY: --from is given twice");
    check_error("FROM scratch\nCOPY --from a b\n", "2: COPY: --from needs a value");
    check_error("FROM scratch\nMONITOR --x=1 qemu\n", "2: MONITOR: unknown flag --x; it takes none");
    check_words("CMD --ipv4=10.0.0.2/24", "--ipv4=10.0.0.2/24");
}

static void heredocs_keep_their_bytes(void **state)
{
    (void)state;
    cleanup_spec struct spec spec = {0};
    parse(&spec,
          "FROM scratch\nCOPY <<EOF <<-\"two\" /x/\n# no comment\n  a \\\n$b\nEOF\n\t\tc\n\ttwo\nUSER u\n");
    const struct instruction *copy = first(&spec);
    assert_int_equal(copy->heredoc_count, 2);
    assert_string_equal(copy->heredocs[0].content, "# no comment\n  a \\\n$b\n");
    assert_true(copy->heredocs[0].expand);
    assert_string_equal(copy->heredocs[1].name, "two");
    assert_string_equal(copy->heredocs[1].content, "c\n");
    assert_false(copy->heredocs[1].expand);
    assert_int_equal(spec.stages[0].instructions[1].line, 9);
}

static void a_heredoc_needs_its_end(void **state)
{
    (void)state;
    check_error("FROM scratch\nCOPY <<EOF /x\nabc\n EOF\n", "2: the here-document has no end");
}

static void unknown_instructions_get_a_suggestion_when_near(void **state)
{
    (void)state;
    check_error("FROM scratch\nCPOY a b\n", "2: unknown instruction CPOY; did you mean COPY?");
    check_error("FROM scratch\nunikernl x\n", "did you mean UNIKERNEL?");
    check_error("FROM scratch\nversion: v0.1\n", "2: unknown instruction version:");
    check_error("{\"FROM\": 1}\n", "1: unknown instruction");
}

static void instructions_of_other_builders_are_named_with_a_way_out(void **state)
{
    (void)state;
    static const char *const names[] = {"RUN", "ADD", "HEALTHCHECK", "ONBUILD", "SHELL"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_free char *text = xasprintf("FROM scratch\n%s x y\n", names[i]);
        cleanup_free char *expected = xasprintf("2: %s is not supported by this version: ", names[i]);
        check_error(text, expected);
    }
}

static void counts_of_arguments_are_checked(void **state)
{
    (void)state;
    check_error("FROM scratch\nCOPY a\n", "2: COPY: too few arguments; write: COPY");
    check_error("FROM scratch\nKERNEL a b\n", "2: KERNEL: too many arguments");
    check_error("FROM scratch\nUNIKERNEL\n", "2: UNIKERNEL: arguments are missing");
    check_error("FROM scratch\nWORKDIR\n", "2: WORKDIR: arguments are missing");
    check_error("FROM a b\n", "1: FROM: only \"AS <name>\"");
    check_error("FROM a OF b\n", "1: FROM: only \"AS <name>\"");
}

static void stages_have_unique_names(void **state)
{
    (void)state;
    check_error("FROM scratch AS a\nFROM scratch AS A\n",
                "2: FROM: the stage \"a\" exists already, from line 1");
    check_error("FROM scratch AS 1a\n", "1: FROM: \"1a\" cannot name a stage");
    check_error("FROM scratch AS scratch\n", "1: FROM: no stage can be named scratch");
}

static void only_arg_stands_before_from(void **state)
{
    (void)state;
    cleanup_spec struct spec spec = {0};
    parse(&spec, "ARG a=b\nARG c\nFROM scratch\nARG d\n");
    assert_int_equal(spec.global_count, 2);
    assert_int_equal(spec.stages[0].count, 1);
    check_error("COPY a b\nFROM scratch\n", "1: COPY: only ARG");
    check_error("# nothing\n", "1: FROM is missing");
    check_error("", "1: FROM is missing");
}

static void text_that_is_none_is_rejected(void **state)
{
    (void)state;
    check_error_of("FROM scratch\nUSER a\0b\n", 22, "2: a NUL byte");
    check_error("FROM scratch\n\nUSER \xff\n", "3: this line is not UTF-8");
}

static void a_monstrous_word_makes_no_monstrous_message(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_spec struct spec spec = {0};
    cleanup_buffer struct buffer text = {0};
    for (int i = 0; i < 100000; i++)
        buffer_add_string(&text, "\xc3\xa4");
    assert_int_equal(spec_parse(&spec, "Containerfile", text.data, text.length, &error), -1);
    assert_true(strlen(error.message) < 1000);
    cleanup_json json_t *utf8 = json_string(error.message);
    assert_non_null(utf8); /* not cut within a character */
}

static void every_prefix_of_a_spec_is_parsed_or_rejected(void **state)
{
    (void)state;
    static const char text[] =
        "# escape=`\nARG a=\"b c\"\nFROM --platform=x/y scratch AS z\nCOPY <<-'E' --x [\"a\"] b\n"
        "E\nLABEL a=${b:-\"c\"} `\n d='e'\nCMD [\"x\"]\nKERNEL --dest=/k \"k\"\n";
    for (size_t length = 0; length < sizeof text; length++) {
        cleanup_error struct error error = {0};
        cleanup_spec struct spec spec = {0};
        cleanup_free char *copy = xmemdup(text, length); /* so that reading beyond the end is found */
        int result = spec_parse(&spec, "Containerfile", copy, length, &error);
        assert_int_equal(result == 0, !error_is_set(&error));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(instructions_know_their_lines),
        cmocka_unit_test(names_of_instructions_are_the_same_in_any_case),
        cmocka_unit_test(continued_lines_join_over_comments_and_blank_lines),
        cmocka_unit_test(a_carriage_return_is_part_of_the_line_end),
        cmocka_unit_test(the_escape_directive_changes_continuation),
        cmocka_unit_test(a_directive_behind_a_comment_is_a_comment),
        cmocka_unit_test(a_byte_order_mark_is_skipped),
        cmocka_unit_test(arguments_come_as_words_or_as_json),
        cmocka_unit_test(json_arrays_of_other_things_are_rejected),
        cmocka_unit_test(pairs_come_in_both_forms),
        cmocka_unit_test(flags_stand_in_front),
        cmocka_unit_test(wrong_flags_are_rejected),
        cmocka_unit_test(heredocs_keep_their_bytes),
        cmocka_unit_test(a_heredoc_needs_its_end),
        cmocka_unit_test(unknown_instructions_get_a_suggestion_when_near),
        cmocka_unit_test(instructions_of_other_builders_are_named_with_a_way_out),
        cmocka_unit_test(counts_of_arguments_are_checked),
        cmocka_unit_test(stages_have_unique_names),
        cmocka_unit_test(only_arg_stands_before_from),
        cmocka_unit_test(text_that_is_none_is_rejected),
        cmocka_unit_test(a_monstrous_word_makes_no_monstrous_message),
        cmocka_unit_test(every_prefix_of_a_spec_is_parsed_or_rejected),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
