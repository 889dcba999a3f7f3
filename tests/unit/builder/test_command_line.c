/* The command line of `urunc-build build`: what is taken, and what is refused. */
#include "builder/commands/build_options.h"

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

static int parse(const char *const *words, struct build_command *build, struct error *error)
{
    char *argv[16] = {(char[]){"build"}};
    for (size_t i = 0; words[i] != NULL; i++)
        argv[i + 1] = (char *)words[i];
    return build_command_parse(command_find("build", error), argv, build, error);
}
#define PARSE(build, error, ...) parse((const char *const[]){__VA_ARGS__, NULL}, build, error)

static const char *text_of(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

static void options_are_read(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_build_command struct build_command build;
    unsetenv("SOURCE_DATE_EPOCH");
    assert_int_equal(PARSE(&build, &error, "-t", "host:5000/team/web:2", "--build-arg=a=b=c", "--label", "x",
                           "ctx", "--annotation", "k=v=w", "--timestamp", "5", "-q"),
                     1);
    assert_string_equal(build.names.items[0], "host:5000/team/web:2");
    assert_string_equal(build.output.dest, "web");
    assert_string_equal(build.output.output->type, "oci");
    assert_string_equal(build.arguments.items[0], "a=b=c");
    assert_string_equal(text_of(build.labels, "x"), "");
    assert_string_equal(text_of(build.annotations.manifest, "k"), "v=w");
    assert_string_equal(build.context, "ctx");
    assert_int_equal(build.time, 5);
    assert_true(build.quiet);
}

static void the_environment_gives_the_time_and_values_of_arguments(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    setenv("SOURCE_DATE_EPOCH", "77", 1);
    setenv("URUNC_TEST_ARG", "value", 1);
    struct build_command build;
    assert_int_equal(
        PARSE(&build, &error, "-t", "a", "--build-arg", "URUNC_TEST_ARG", "--build-arg", "URUNC_UNSET", "."),
        1);
    assert_int_equal(build.time, 77);
    assert_int_equal(build.arguments.count, 2);
    assert_string_equal(build.arguments.items[0], "URUNC_TEST_ARG=value");
    assert_string_equal(build.arguments.items[1], "SOURCE_DATE_EPOCH=77");
    build_command_free(&build);
    assert_int_equal(PARSE(&build, &error, "-t", "a", "--build-arg", "SOURCE_DATE_EPOCH=99", "."), 1);
    assert_int_equal(build.time, 99);
    assert_true(build.has_time);
    build_command_free(&build);
    assert_int_equal(PARSE(&build, &error, "-t", "a", "--build-arg", "SOURCE_DATE_EPOCH=", "."), 1);
    assert_int_equal(build.time, 0);
    assert_true(build.has_time);
    build_command_free(&build);
    assert_int_equal(PARSE(&build, &error, "-t", "a", "--timestamp=0", "."), 1);
    assert_int_equal(build.time, 0);
    assert_string_equal(build.arguments.items[0], "SOURCE_DATE_EPOCH=77");
    build_command_free(&build);
    setenv("SOURCE_DATE_EPOCH", "yesterday", 1);
    assert_int_equal(PARSE(&build, &error, "-t", "a", "."), -1);
    assert_string_equal(error.message,
                        "SOURCE_DATE_EPOCH: yesterday: must be seconds since 1970, at most 253402300799");
    build_command_free(&build);
    unsetenv("SOURCE_DATE_EPOCH");
    unsetenv("URUNC_TEST_ARG");
}

struct wrong {
    const char *words[5];
    const char *expected;
};

static void assert_wrong(const struct wrong *wrong, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cleanup_error struct error error = {0};
        cleanup_build_command struct build_command build;
        assert_int_equal(parse(wrong[i].words, &build, &error), -1);
        if (strstr(error.message, wrong[i].expected) == NULL)
            fail_msg("\"%s\" lacks \"%s\"", error.message, wrong[i].expected);
    }
}
#define ASSERT_WRONG(table) assert_wrong(table, sizeof(table) / sizeof *(table))

static void wrong_options_are_told(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {{"."}, "nowhere to go"},
        {{"-t", "a"}, "the usage is: urunc-build build [OPTIONS] CONTEXT"},
        {{"-t", "a", ".", "x"}, "the usage is: urunc-build build [OPTIONS] CONTEXT"},
        {{"--taget=x", "."}, "build: unknown option --taget; did you mean --target?"},
        {{"-z", "."}, "unknown option -z"},
        {{"-t"}, "--tag: needs a value"},
        {{"-t", "UPPER", "."}, "--tag UPPER: "},
        {{"--label", "=x", "."}, "--label =x: must be KEY=VALUE"},
        {{"--build-arg", "=x", "."}, "--build-arg =x: must be NAME=VALUE"},
        {{"--label", "k=\xff", "."}, "not UTF-8"},
        {{"--build-arg", "k=\xff", "."}, "--build-arg k=\\xff: not UTF-8"},
        {{"--build-arg", "\xff=k", "."}, "not UTF-8"},
        {{"--platform=amd64", "."}, "--platform amd64: "},
        {{"--platform=lniux/amd65", "."}, "--platform lniux/amd65: unknown operating system \"lniux\""},
        {{"--platform=windows/amd64", "."}, "a unikernel image is for linux"},
        {{"--timestamp=-1", "-t", "a", "."}, "--timestamp: -1: must be seconds since 1970"},
        {{"--timestamp=253402300800", "-t", "a", "."}, "seconds since 1970"},
        {{"--compression=xz", "-t", "a", "."}, "must be gzip, zstd or none"},
        {{"-o", "type=docker-archive,dest=x", "--compression=gzip", "."}, "never compressed"},
        {{"-o", "type=tape,dest=x", "."}, "--output type=tape,dest=x: unknown type \"tape\""},
        {{"-o", "x", "-oy", "."}, "--output y: an image goes to one place, and \"x\" is given already"},
        {{"-t", "a", "-"}, "not an archive on standard input"},
        {{"-t", "a", "https://example.org/x.git"},
         "https://example.org/x.git: the context must be a directory"},
        {{"-t", "a", "git@example.org:x"}, "not an address"},
    };
    ASSERT_WRONG(wrong);
}

static void long_options_are_not_abbreviated(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {{"--plat", "linux/amd64", "-t", "a", "."}, "build: unknown option --plat; did you mean --platform?"},
        {{"--platfor=linux/amd64", "."}, "unknown option --platfor; did you mean --platform?"},
        {{"--out", "x", "."}, "unknown option --out; did you mean --output?"},
        {{"--ver", "."}, "unknown option --ver"},
    };
    ASSERT_WRONG(wrong);
}

/* `docker build --compress .` used to take the context as the value of --compression. */
static void options_of_other_builders_are_refused_by_name(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {{"--compress", "."},
         "build: unknown option --compress: nothing is sent to a daemon; --compression says"},
        {{"--push", "."}, "unknown option --push: write -o type=oci,dest=DIR"},
        {{"--load", "."}, "unknown option --load: write -o type=docker-archive"},
        {{"--pull", "."}, "unknown option --pull: no base image"},
        {{"--secret=id=x", "."}, "unknown option --secret: nothing is executed"},
        {{"--provenance=false", "."}, "unknown option --provenance: no attestation"},
        {{"--squash", "."}, "unknown option --squash: "},
        {{"--progress=plain", "."}, "unknown option --progress: progress is plain"},
    };
    ASSERT_WRONG(wrong);
}

static void annotations_go_to_the_documents_that_are_named(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    cleanup_build_command struct build_command build;
    assert_int_equal(PARSE(&build, &error, "-t", "a", "--annotation", "manifest:a=1", "--annotation",
                           "index,manifest-descriptor:b=2:3", "--annotation", "manifest:c:d=4", "."),
                     1);
    assert_string_equal(text_of(build.annotations.manifest, "a"), "1");
    assert_string_equal(text_of(build.annotations.manifest, "c:d"), "4");
    assert_int_equal(json_object_size(build.annotations.manifest), 2);
    assert_string_equal(text_of(build.annotations.index, "b"), "2:3");
    assert_int_equal(json_object_size(build.annotations.index), 1);
    assert_string_equal(text_of(build.annotations.descriptor, "b"), "2:3");
    assert_int_equal(json_object_size(build.annotations.descriptor), 1);
    assert_ptr_equal(build.output.annotations, &build.annotations);
}

static void annotations_that_cannot_be_are_told(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {{"--annotation", "k", "."}, "--annotation k: must be KEY=VALUE"},
        {{"--annotation", "=v", "."}, "must be KEY=VALUE"},
        {{"--annotation", "index:=v", "."}, "must be KEY=VALUE"},
        {{"--annotation", "k=\xff", "."}, "not UTF-8"},
        {{"--annotation", "manifset:k=v", "."}, "unknown type \"manifset\"; did you mean \"manifest\"?"},
        {{"--annotation", "a:b=v", "."},
         "unknown type \"a\"; there are manifest, manifest-descriptor and index (for a "
         "key with a colon in it write manifest:a:b)"},
        {{"--annotation", "index,:k=v", "."}, "unknown type \"\""},
        {{"--annotation", "index-descriptor:k=v", "."}, "nothing describes it"},
        {{"--annotation", "manifest[linux/amd64]:k=v", "."},
         "an image has one platform; leave [linux/amd64] out"},
        {{"--annotation", "manifest-descriptor:org.opencontainers.image.ref.name=x", "."}, "is set by -t"},
    };
    ASSERT_WRONG(wrong);
}

static void an_output_without_a_place_for_an_annotation_is_told(void **state)
{
    (void)state;
    static const struct wrong wrong[] = {
        {{"-otype=docker-archive,dest=x", "--annotation", "index:k=v", "."},
         "--annotation: a docker-archive has no index"},
        {{"-otype=docker-archive,dest=x", "--annotation", "manifest-descriptor:k=v", "."}, "has no index"},
        {{"-otype=docker-archive,dest=x", "--annotation", "k=v", "."},
         "--annotation k=v: a docker-archive has no place for it; write --label k=v"},
    };
    ASSERT_WRONG(wrong);
    cleanup_error struct error error = {0};
    cleanup_build_command struct build_command build;
    assert_int_equal(PARSE(&build, &error, "-otype=docker-archive,dest=x", "--annotation",
                           "com.urunc.unikernel.cmdline=x", "."),
                     1); /* it stands in the labels and in /urunc.json */
}

static void unknown_commands_are_told(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    assert_null(command_find("biuld", &error));
    assert_string_equal(error.message, "unknown command \"biuld\"; did you mean \"build\"?");
    assert_null(command_find("push", &error));
    assert_string_equal(error.message, "unknown command \"push\"; see urunc-build --help");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(options_are_read),
        cmocka_unit_test(the_environment_gives_the_time_and_values_of_arguments),
        cmocka_unit_test(wrong_options_are_told),
        cmocka_unit_test(long_options_are_not_abbreviated),
        cmocka_unit_test(options_of_other_builders_are_refused_by_name),
        cmocka_unit_test(annotations_go_to_the_documents_that_are_named),
        cmocka_unit_test(annotations_that_cannot_be_are_told),
        cmocka_unit_test(an_output_without_a_place_for_an_annotation_is_told),
        cmocka_unit_test(unknown_commands_are_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
