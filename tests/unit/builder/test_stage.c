/* Stages: their order, arguments, environment and config. */
#include "builder/instructions/size.h"
#include "formats/oci/platform.h"
#include "tests/unit/fixtures/builder_fixture.h"

#define SCRATCH "FROM scratch\n"

static void check_joined(const struct strings *strings, const char *expected)
{
    cleanup_buffer struct buffer joined = {0};
    buffer_add(&joined, "", 0);
    for (size_t i = 0; i < strings->count; i++)
        buffer_format(&joined, "%s%s", i > 0 ? "|" : "", strings->items[i]);
    assert_string_equal(joined.data, expected);
}

static const char *label(const struct stage *stage, const char *key)
{
    return json_string_value(json_object_get(stage->config.labels, key));
}

/* ---- order ---- */

static void only_what_the_target_needs_is_executed(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage =
        assert_runs(fixture, SCRATCH "COPY missing /\nFROM alpine AS other\nFROM scratch\nUSER u\n");
    assert_string_equal(stage->config.user, "u");
    assert_int_equal(fixture->build.steps, 2);
}

static void the_target_can_be_named_or_numbered(void **state)
{
    struct fixture *fixture = *state;
    static const char spec[] =
        SCRATCH "USER zero\nFROM scratch AS One\nUSER one\nFROM scratch\nCOPY missing /\n";
    fixture->options.target = "one";
    assert_string_equal(assert_runs(fixture, spec)->config.user, "one");
    fixture->options.target = "0";
    assert_string_equal(assert_runs(fixture, spec)->config.user, "zero");
    fixture->options.target = "3";
    assert_null(run_spec(fixture, spec));
    assert_string_equal(fixture->error.message, "--target 3: Containerfile has no stage of that name");
}

static void a_stage_goes_on_where_its_base_ended(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "a", "A");
    struct stage *stage =
        assert_runs(fixture, "FROM scratch AS base\nCOPY a /x\nENV k=v\nLABEL l=m\nUSER u\nCMD [\"c\"]\n"
                             "UNIKERNEL generic\nFROM base\nCOPY a /y\nENV k=w\n");
    assert_content(stage->root, "x", "A");
    assert_int_equal(stage->layer_count, 2);
    check_joined(&stage->config.env, "k=w");
    check_joined(&fixture->build.stages[0].config.env, "k=v");
    assert_string_equal(label(stage, "l"), "m");
    assert_string_equal(stage->config.user, "u");
    assert_non_null(stage_fact(stage, "com.urunc.unikernel.unikernelType"));
    assert_null(find(fixture->build.stages[0].root, "y"));
}

static void stages_that_go_in_circles_are_told(void **state)
{
    struct fixture *fixture = *state;
    assert_fails(fixture, "FROM scratch AS a\nCOPY --from=b / /\nFROM scratch AS b\nCOPY --from=a / /\n", 2,
                 "a cycle of stages");
    assert_fails(fixture, "FROM c AS a\nFROM a AS b\nFROM b AS c\n", 1, "a cycle of stages");
    assert_fails(fixture, "FROM scratch AS a\nCOPY --from=a / /\n", 2,
                 "the stage \"a\" is built from itself");
    assert_fails(fixture, "FROM scratch\nCOPY --from=0 / /\n", 2, "built from itself");
    assert_fails(fixture, "FROM a AS a\n", 1, "built from itself");
    assert_fails(fixture, "FROM b AS a\nFROM scratch AS b\nFROM a\n", 1,
                 "\"b\" is used before it is defined, in line 2");
}

static void other_bases_and_sources_are_told(void **state)
{
    struct fixture *fixture = *state;
    assert_fails(fixture, "FROM alpine:3\n", 1, "FROM alpine:3: neither scratch nor a stage");
    assert_fails(fixture, "FROM scratch\nCOPY --from=nginx / /\n", 2, "--from=nginx names no stage");
    assert_fails(fixture, "FROM scratch\nKERNEL --from=9 /k\n", 2, "--from=9 names no stage");
    assert_fails(fixture, "FROM scratch\nCOPY --from=$x / /\n", 2, "variables are not expanded in --from=$x");
    assert_fails(fixture, "ARG b\nFROM $b\n", 2, "FROM: $b is empty");
}

/* ---- arguments ---- */

static void globals_reach_from_and_stages_that_declare_them(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage =
        assert_runs(fixture, "ARG base=sc\nARG v=${base}1\nFROM ${base}ratch\nARG v\nARG w=$v-w x\n"
                             "ENV a=$v b=$w c=$base d=[$x]\n");
    check_joined(&stage->config.env, "a=sc1|b=sc1-w|c=|d=[]");
}

static void build_args_win_over_defaults(void **state)
{
    struct fixture *fixture = *state;
    strings_add(&fixture->options.arguments, "v=given");
    struct stage *stage = assert_runs(fixture, "ARG v=global\nFROM scratch\nARG v=stage\nENV a=$v\n");
    check_joined(&stage->config.env, "a=given");
    strings_free(&fixture->options.arguments);
    stage = assert_runs(fixture, "ARG v=global\nFROM scratch\nARG v=stage\nENV a=$v\n");
    check_joined(&stage->config.env, "a=stage");
}

static void of_an_argument_and_a_variable_the_later_wins(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage = assert_runs(fixture, SCRATCH "ENV v=env\nARG v=arg\nENV a=$v\n");
    check_joined(&stage->config.env, "v=env|a=arg");
    stage = assert_runs(fixture, SCRATCH "ARG v=arg\nENV v=env\nENV a=$v\n");
    check_joined(&stage->config.env, "v=env|a=env");
    stage = assert_runs(fixture, SCRATCH "ENV v=env\nARG v\nENV a=$v\n");
    check_joined(&stage->config.env, "v=env|a=env");
}

static void a_stage_inherits_the_arguments_of_its_base(void **state)
{
    struct fixture *fixture = *state;
    static const char spec[] = "ARG g=1\nFROM scratch AS base\nARG g\nARG v=arg\nARG none\n"
                               "FROM base\nARG v\nENV a=$v-$g b=${none-unset}\n";
    struct stage *stage = assert_runs(fixture, spec);
    check_joined(&stage->config.env, "a=arg-1|b=unset");
    /* Another stage that is not built from it sees nothing. */
    stage = assert_runs(fixture, "FROM scratch AS base\nARG v=arg\nFROM scratch\nENV a=${v-unset}\n");
    check_joined(&stage->config.env, "a=unset");
}

static void path_has_a_value_from_the_beginning(void **state)
{
    struct fixture *fixture = *state;
    static const char usual[] = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    struct stage *stage = assert_runs(fixture, SCRATCH "ENV PATH=/x:$PATH\nENV PATH=/y:$PATH\n");
    cleanup_free char *expected = xasprintf("PATH=/y:/x:%s", usual);
    check_joined(&stage->config.env, expected);
    /* Nothing but an ENV writes it. */
    stage = assert_runs(fixture, SCRATCH "ENV a=1\n");
    check_joined(&stage->config.env, "a=1");
}

static void the_target_stage_is_an_argument(void **state)
{
    struct fixture *fixture = *state;
    static const char named[] = "FROM scratch AS one\nARG TARGETSTAGE\nENV a=$TARGETSTAGE\nFROM one AS two\n";
    struct stage *stage = assert_runs(fixture, named);
    check_joined(&stage->config.env, "a=two");
    fixture->options.target = "one";
    stage = assert_runs(fixture, named);
    check_joined(&stage->config.env, "a=one");
    fixture->options.target = NULL;
    stage = assert_runs(fixture, SCRATCH "ARG TARGETSTAGE\nENV a=$TARGETSTAGE\n");
    check_joined(&stage->config.env, "a=default");
}

static void build_args_replace_predefined_arguments(void **state)
{
    struct fixture *fixture = *state;
    strings_add(&fixture->options.arguments, "TARGETARCH=mips");
    struct stage *stage = assert_runs(
        fixture, "FROM --platform=linux/$TARGETARCH scratch\nARG TARGETARCH\nENV a=$TARGETARCH\n");
    assert_string_equal(stage->platform.architecture, "mips");
    check_joined(&stage->config.env, "a=mips");
    strings_free(&fixture->options.arguments);
}

static void source_date_epoch_is_an_argument_and_the_time(void **state)
{
    struct fixture *fixture = *state;
    static const char spec[] = "ARG SOURCE_DATE_EPOCH=77\nFROM scratch\nARG SOURCE_DATE_EPOCH\n"
                               "ENV a=$SOURCE_DATE_EPOCH\nCOPY f /\nWORKDIR /d\n";
    put_file(fixture, "f", "");
    struct stage *stage = assert_runs(fixture, spec);
    check_joined(&stage->config.env, "a=77");
    assert_int_equal(stage->config.created, 77);
    assert_int_equal(find(stage->root, "f")->mtime, 77);
    assert_int_equal(find(stage->root, "d")->mtime, 77);
    /* A time that the command line gives stays. */
    fixture->options.has_time = true;
    fixture->options.time = 5;
    assert_int_equal(find(assert_runs(fixture, spec)->root, "f")->mtime, 5);
    fixture->options.has_time = false;
    fixture->options.time = 0;
    assert_fails(fixture, "\nARG SOURCE_DATE_EPOCH=soon\nFROM scratch\n", 2,
                 "ARG SOURCE_DATE_EPOCH: soon: must be seconds since 1970");
}

/* The warnings of a spec, which is executed. */
static char *warnings_of(struct fixture *fixture, const char *spec)
{
    char *text = NULL;
    size_t length;
    fixture->options.log = open_memstream(&text, &length);
    struct stage *stage = run_spec(fixture, spec);
    fclose(fixture->options.log);
    fixture->options.log = NULL;
    if (stage == NULL)
        fail_msg("%s", fixture->error.message);
    return text;
}

static void undefined_variables_are_warned_of(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "f", "");
    cleanup_free char *one = warnings_of(fixture, SCRATCH "ENV VERSION=1\nENV a=$VERSOIN b=$VERSOIN c=$2\n");
    assert_string_equal(one, "Containerfile:3: warning: $VERSOIN is not set; did you mean $VERSION?\n"
                             "Containerfile:3: warning: $2 is not set and expands to nothing\n");
    cleanup_free char *heredoc = warnings_of(fixture, SCRATCH "COPY <<E /\n$x\nE\nCOPY f$y /\n");
    assert_string_equal(heredoc, "Containerfile:2: warning: $x is not set and expands to nothing\n"
                                 "Containerfile:5: warning: $y is not set and expands to nothing\n");
    cleanup_free char *global = warnings_of(fixture, "ARG a=${x}\nFROM ${y}scratch\n");
    assert_string_equal(global, "Containerfile:1: warning: $x is not set and expands to nothing\n"
                                "Containerfile:2: warning: $y is not set and expands to nothing\n");
}

static void variables_that_may_be_unset_are_not_warned_of(void **state)
{
    struct fixture *fixture = *state;
    static const char spec[] =
        SCRATCH "ARG declared\nENV a=${x:-1} b=${x-1} c=${x:+1} d=$declared e=\\$x f='$x'\n"
                "CMD [\"$x\"]\n";
    cleanup_free char *none = warnings_of(fixture, spec);
    assert_string_equal(none, "");
}

static void text_that_is_not_utf8_names_its_line(void **state)
{
    struct fixture *fixture = *state;
    strings_add(&fixture->options.arguments, "v=\xff");
    assert_fails(fixture, SCRATCH "ARG v\nENV a=$v\n", 3, "ENV: $v: its value is not UTF-8");
    assert_fails(fixture, SCRATCH "ARG v\nLABEL a=\"b $v\"\n", 3, "LABEL: \"b $v\": its value is not UTF-8");
    assert_fails(fixture, SCRATCH "ARG v\nLABEL $v=b\n", 3, "its value is not UTF-8");
    assert_fails(fixture, SCRATCH "ARG v\nUSER $v\n", 3, "its value is not UTF-8");
    assert_fails(fixture, SCRATCH "ARG v\nARG w=$v\n", 3, "its value is not UTF-8");
    assert_fails(fixture, "ARG v\nFROM $v\n", 2, "its value is not UTF-8");
    strings_free(&fixture->options.arguments);
}

static void platform_arguments_are_there_when_declared(void **state)
{
    struct fixture *fixture = *state;
    struct platform platform = {0};
    assert_int_equal(platform_parse("linux/aarch64/v8", &platform, &fixture->error), 0);
    fixture->options.platform = &platform;
    struct stage *stage = assert_runs(fixture, "FROM scratch\nARG TARGETARCH\nENV a=$TARGETARCH "
                                               "b=$TARGETOS\nARG TARGETPLATFORM\nENV c=$TARGETPLATFORM\n");
    check_joined(&stage->config.env, "a=arm64|b=|c=linux/arm64/v8");
    fixture->options.platform = NULL;
    platform_free(&platform);
}

static void a_demanded_argument_names_its_line(void **state)
{
    struct fixture *fixture = *state;
    assert_fails(fixture, SCRATCH "ARG v\nENV a=\"${v:?give it}\"\n", 3, "ENV: v: give it");
    assert_fails(fixture, "ARG a='x\nFROM scratch\n", 1, "ARG");
}

/* ---- config ---- */

static void env_of_one_line_sees_the_lines_before(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage =
        assert_runs(fixture, SCRATCH "ENV a=1\nENV a=2 b=$a\nENV c \"it is\" $b\nENV a=3\n");
    check_joined(&stage->config.env, "a=3|b=1|c=it is 1");
    assert_fails(fixture, SCRATCH "ENV \"a=b\"=c\n", 2, "is not a name for a variable");
    cleanup_buffer struct buffer doubling = {0};
    buffer_add_string(&doubling, SCRATCH "ENV a=0123456789abcdef\n");
    for (int i = 0; i < 60; i++)
        buffer_add_string(&doubling, "ENV a=\"$a$a\"\n");
    assert_fails(fixture, doubling.data, 23, "expands to more than 16 MiB");
}

static void words_that_cannot_be_expanded_name_their_instruction(void **state)
{
    struct fixture *fixture = *state;
    static const struct {
        const char *line, *message;
    } wrong[] = {
        {"VOLUME ${x\n", "VOLUME: \"${x\" has no closing brace"},
        {"VOLUME $x\n", "VOLUME: a path is empty"},
        {"EXPOSE ${x\n", "EXPOSE: \"${x\" has no closing brace"},
        {"EXPOSE $x\n", "EXPOSE: $x is empty"},
        {"STOPSIGNAL $x\n", "STOPSIGNAL: $x is empty"},
        {"USER $x\n", "USER: $x is empty"},
        {"WORKDIR $x\n", "WORKDIR: $x is empty"},
        {"LABEL $x=a\n", "LABEL: a name is empty"},
        {"ARG =a\n", "ARG: a name is missing"},
        {"UNIKERNEL $x\n", "UNIKERNEL: $x is empty"},
        {"UNIKERNEL linux ${x\n", "UNIKERNEL: \"${x\" has no closing brace"},
        {"MONITOR $x\n", "MONITOR: $x is empty"},
        {"KERNEL $x\n", "KERNEL: the source is empty: $x"},
        {"KERNEL no*\n", "KERNEL: no file matches no*"},
        {"COPY $x /\n", "COPY: a source is empty: $x"},
        {"COPY a ${x\n", "COPY: \"${x\" has no closing brace"},
        {"COPY --chown=${x a /\n", "COPY: --chown: \"${x\" has no closing brace"},
        {"COPY --chmod=$x a /\n", "COPY: --chmod=$x is empty"},
        {"BLOCK --mount=$x .\n", "--mount=$x is empty"},
        {"INITRD --compress=$x .\n", "--compress=$x is empty"},
        {"COPY <<a/b /\nx\na/b\n", "COPY: <<a/b: not a name that a file can have"},
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cleanup_free char *spec = xasprintf(SCRATCH "%s", wrong[i].line);
        assert_fails(fixture, spec, 2, wrong[i].message);
    }
}

static void labels_are_expanded_on_both_sides(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage = assert_runs(fixture, SCRATCH "ENV v=1\nLABEL \"k.$v\"=\"x $v\" 'q'='$v'\n");
    assert_string_equal(label(stage, "k.1"), "x 1");
    assert_string_equal(label(stage, "q"), "$v");
}

static void commands_are_kept_as_they_are(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage =
        assert_runs(fixture, SCRATCH "ENV v=1\nENTRYPOINT [\"a b\", \"$v\"]\nCMD [\"c\"]\n");
    check_joined(&stage->config.entrypoint, "a b|$v");
    check_joined(&stage->config.cmd, "c");
    stage = assert_runs(fixture, SCRATCH "CMD a  b \"c\"\n");
    check_joined(&stage->config.cmd, "/bin/sh|-c|a  b \"c\"");
    stage = assert_runs(fixture, SCRATCH "CMD [\"a\"]\nCMD []\n");
    assert_int_equal(stage->config.cmd.count, 0);
}

static void an_entrypoint_drops_the_command_of_the_base(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage =
        assert_runs(fixture, "FROM scratch AS b\nCMD [\"old\"]\nFROM b\nENTRYPOINT [\"e\"]\n");
    assert_int_equal(stage->config.cmd.count, 0);
    stage =
        assert_runs(fixture, "FROM scratch AS b\nCMD [\"old\"]\nFROM b\nCMD [\"new\"]\nENTRYPOINT [\"e\"]\n");
    check_joined(&stage->config.cmd, "new");
}

static void ports_are_checked_and_completed(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage =
        assert_runs(fixture, SCRATCH "ARG p=\"90 91/udp\"\nEXPOSE 80 443/TCP 53/udp 8000-8002 $p\n");
    check_joined(&stage->config.ports, "80/tcp|443/tcp|53/udp|8000/tcp|8001/tcp|8002/tcp|90/tcp|91/udp");
    assert_fails(fixture, SCRATCH "EXPOSE $none\n", 2, "EXPOSE: $none is empty");
    static const char *const wrong[] = {"0", "65536", "80/", "80/x",         "9-8",
                                        "a", "80-",   "-1",  "999999999999", "80x"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cleanup_free char *spec = xasprintf(SCRATCH "EXPOSE %s\n", wrong[i]);
        assert_fails(fixture, spec, 2, "is not a port");
    }
}

static void the_other_facts_of_a_config_are_kept(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage =
        assert_runs(fixture, SCRATCH "USER 5:6\nSTOPSIGNAL SIGINT\nMAINTAINER A B\nVOLUME /a /b\n"
                                     "VOLUME [\"/c d\"]\n");
    assert_string_equal(stage->config.user, "5:6");
    assert_string_equal(stage->config.stop_signal, "SIGINT");
    assert_string_equal(stage->config.author, "A B");
    check_joined(&stage->config.volumes, "/a|/b|/c d");
    assert_fails(fixture, SCRATCH "USER $none\n", 2, "USER: $none is empty");
    assert_runs(fixture, SCRATCH "STOPSIGNAL 9\nSTOPSIGNAL quit\nSTOPSIGNAL SIGRTMIN+3\n");
    static const char *const wrong[] = {
        "0", "65", "SIG", "SIGNAL", "15x", "-1", "9999999999999", "SIGRTMINBANANA", "SIGRTMAX-99"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cleanup_free char *spec = xasprintf(SCRATCH "STOPSIGNAL %s\n", wrong[i]);
        assert_fails(fixture, spec, 2, "unknown signal");
    }
}

static void workdir_makes_its_directory_once(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage = assert_runs(fixture, SCRATCH "WORKDIR /a/b\nWORKDIR ../c\nWORKDIR /a/b\n");
    assert_string_equal(stage->config.working_dir, "/a/b");
    assert_true(S_ISDIR(find(stage->root, "a/c")->mode));
    assert_int_equal(stage->layer_count, 2);
    assert_int_equal(stage->config.history_count, 3);
    assert_true(stage->config.history[2].empty_layer);
    put_file(fixture, "f", "");
    assert_fails(fixture, SCRATCH "COPY f /f\nWORKDIR /f\n", 3, "not a directory");
}

static void a_workdir_belongs_to_the_user_of_its_line(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:33:44::/:/bin/sh\n");
    struct stage *stage =
        assert_runs(fixture, SCRATCH "COPY etc /etc\nWORKDIR /r/oot/\nUSER 7:8\nWORKDIR /r/n//b\n"
                                     "USER web\nWORKDIR w\nWORKDIR /r\nUSER 9\nWORKDIR /nine\n");
    assert_int_equal(find(stage->root, "r")->uid, 0);
    assert_int_equal(find(stage->root, "r/oot")->uid, 0);
    assert_int_equal(find(stage->root, "r/n")->uid, 7);
    assert_int_equal(find(stage->root, "r/n/b")->uid, 7);
    assert_int_equal(find(stage->root, "r/n/b")->gid, 8);
    assert_int_equal(find(stage->root, "r/n/b/w")->uid, 33);
    assert_int_equal(find(stage->root, "r/n/b/w")->gid, 44);
    assert_int_equal(find(stage->root, "nine")->gid, 9);
    assert_string_equal(stage->config.working_dir, "/nine");
    stage = assert_runs(fixture, SCRATCH "WORKDIR /x/\nWORKDIR y//./z/\n");
    assert_string_equal(stage->config.working_dir, "/x/y/z");
}

static void a_workdir_of_an_unknown_user_is_roots(void **state)
{
    struct fixture *fixture = *state;
    cleanup_free char *text = warnings_of(fixture, SCRATCH "USER nobody\nWORKDIR /x\nWORKDIR /x\n");
    assert_string_equal(text,
                        "Containerfile:3: warning: WORKDIR: /x belongs to root: nobody: neither a number nor "
                        "a name in /etc/passwd of the stage\n");
    assert_int_equal(find(fixture->build.stages[0].root, "x")->uid, 0);
}

static void from_platform_is_read(void **state)
{
    struct fixture *fixture = *state;
    struct stage *stage = assert_runs(fixture, "ARG arch=x86_64\nFROM --platform=linux/$arch scratch\n");
    assert_string_equal(stage->platform.architecture, "amd64");
    assert_fails(fixture, "FROM --platform=linux scratch\n", 1, "\"linux\" is not a platform");
    assert_fails(fixture, "FROM --platform=lniux/amd65 scratch\n", 1,
                 "FROM: --platform=lniux/amd65: unknown operating system \"lniux\"; did you mean \"linux\"?");
    assert_fails(fixture, "FROM --platform=windows/amd64 scratch\n", 1, "a unikernel image is for linux");
}

/* ---- small parsers ---- */

static void sizes_have_units(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        uint64_t size;
        bool is_extra;
    } right[] = {{"4096", 4096, false},     {"1K", 1024, false},   {"64M", 64 << 20, false},
                 {"+2g", 2ull << 30, true}, {"1KiB", 1024, false}, {"3MB", 3 << 20, false}};
    for (size_t i = 0; i < sizeof right / sizeof *right; i++) {
        cleanup_error struct error error = {0};
        uint64_t size = 0;
        bool is_extra = false;
        assert_int_equal(size_parse(right[i].text, &size, &is_extra, &error), 0);
        assert_int_equal(size, right[i].size);
        assert_int_equal(is_extra, right[i].is_extra);
    }
    static const char *const wrong[] = {
        "", "+", "0", "-1", "1X", "M", "1 M", "9223372036854775808", "9999999999T", "1.5G"};
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        cleanup_error struct error error = {0};
        uint64_t size;
        bool is_extra;
        if (size_parse(wrong[i], &size, &is_extra, &error) == 0)
            fail_msg("\"%s\" was taken", wrong[i]);
    }
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(only_what_the_target_needs_is_executed),
        TEST(the_target_can_be_named_or_numbered),
        TEST(a_stage_goes_on_where_its_base_ended),
        TEST(stages_that_go_in_circles_are_told),
        TEST(other_bases_and_sources_are_told),
        TEST(globals_reach_from_and_stages_that_declare_them),
        TEST(build_args_win_over_defaults),
        TEST(of_an_argument_and_a_variable_the_later_wins),
        TEST(a_stage_inherits_the_arguments_of_its_base),
        TEST(path_has_a_value_from_the_beginning),
        TEST(the_target_stage_is_an_argument),
        TEST(build_args_replace_predefined_arguments),
        TEST(source_date_epoch_is_an_argument_and_the_time),
        TEST(undefined_variables_are_warned_of),
        TEST(variables_that_may_be_unset_are_not_warned_of),
        TEST(text_that_is_not_utf8_names_its_line),
        TEST(platform_arguments_are_there_when_declared),
        TEST(a_demanded_argument_names_its_line),
        TEST(env_of_one_line_sees_the_lines_before),
        TEST(words_that_cannot_be_expanded_name_their_instruction),
        TEST(labels_are_expanded_on_both_sides),
        TEST(commands_are_kept_as_they_are),
        TEST(an_entrypoint_drops_the_command_of_the_base),
        TEST(ports_are_checked_and_completed),
        TEST(the_other_facts_of_a_config_are_kept),
        TEST(workdir_makes_its_directory_once),
        TEST(a_workdir_belongs_to_the_user_of_its_line),
        TEST(a_workdir_of_an_unknown_user_is_roots),
        TEST(from_platform_is_read),
        cmocka_unit_test(sizes_have_units),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
