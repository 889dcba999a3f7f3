/* The request of a further program, as a hostile host may write it. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/fixtures/formats_fixture.h"

/* Pure, and compiled for the guest otherwise. */
#include "runtime/init/program/exec_request.c"

/* The bytes are copied, so that a sanitizer sees what is read beyond them. */
struct parsed {
    char *bytes;
    int result;
    struct exec_request request;
};

static struct parsed parse(const char *bytes, size_t size)
{
    struct parsed parsed = {.bytes = malloc(size + 1)};
    assert_non_null(parsed.bytes);
    char *copy = realloc(parsed.bytes, size > 0 ? size : 1);
    assert_non_null(copy);
    parsed.bytes = copy;
    memcpy(copy, bytes, size);
    parsed.result = exec_request_parse(copy, size, &parsed.request);
    return parsed;
}

static void release(struct parsed *parsed)
{
    exec_request_free(&parsed->request);
    free(parsed->bytes);
}

/* A literal with its NULs, the last one too. */
#define PARSE(literal) parse((literal), sizeof(literal))

static void everything_is_taken(void **state)
{
    (void)state;
    struct parsed parsed =
        PARSE("aone\0eA=1\0atwo words\0d/where\0u1000:1001\0g27\0g4294967294\0t24x80\0n\0eB=\0a");
    const struct launch *launch = &parsed.request.launch;
    assert_int_equal(parsed.result, 0);
    assert_string_equal(launch->argv[0], "one");
    assert_string_equal(launch->argv[1], "two words");
    assert_string_equal(launch->argv[2], "");
    assert_null(launch->argv[3]);
    assert_string_equal(launch->env[0], "A=1");
    assert_string_equal(launch->env[1], "B=");
    assert_null(launch->env[2]);
    assert_string_equal(launch->cwd, "/where");
    assert_true(launch->has_user);
    assert_int_equal(launch->uid, 1000);
    assert_int_equal(launch->gid, 1001);
    assert_int_equal(launch->group_count, 2);
    assert_int_equal(launch->groups[1], 4294967294U);
    assert_true(launch->sealed);
    assert_true(parsed.request.terminal);
    assert_int_equal(parsed.request.rows, 24);
    assert_int_equal(parsed.request.columns, 80);
    release(&parsed);
}

static void limits_are_taken(void **state)
{
    (void)state;
    struct parsed parsed = PARSE("a\0l7:64:128\0l15:18446744073709551615:18446744073709551615");
    const struct launch *launch = &parsed.request.launch;
    assert_int_equal(parsed.result, 0);
    assert_int_equal(launch->limit_count, 2);
    assert_int_equal(launch->limits[0].resource, 7);
    assert_int_equal(launch->limits[0].soft, 64);
    assert_int_equal(launch->limits[0].hard, 128);
    assert_true(launch->limits[1].soft == UINT64_MAX && launch->limits[1].hard == UINT64_MAX);
    release(&parsed);
}

static void a_program_alone_is_enough(void **state)
{
    (void)state;
    struct parsed parsed = PARSE("aprogram");
    assert_int_equal(parsed.result, 0);
    assert_string_equal(parsed.request.launch.cwd, "/");
    assert_false(parsed.request.launch.has_user);
    assert_false(parsed.request.launch.sealed);
    assert_false(parsed.request.terminal);
    assert_null(parsed.request.launch.env[0]);
    release(&parsed);
}

static void what_is_no_request_is_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } cases[] = {
        {"", 0},
        {"", 1},
        {"aprogram", 8}, /* without its NUL */
        {"d/", 3},
        {"eA=1", 5},
        {"a\0zunknown", 11},
        {"a\0\0", 4},
        {"a\0erelative", 11},
        {"a\0e=1", 6},
        {"a\0drelative", 12},
        {"a\0d", 4},
        {"a\0u1", 5},
        {"a\0u1:", 6},
        {"a\0u:1", 6},
        {"a\0u1:2:3", 9},
        {"a\0u-1:2", 8},
        {"a\0u 1:2", 8},
        {"a\0u4294967295:1", 16},
        {"a\0u1:4294967295", 16},
        {"a\0u18446744073709551616:1", 26},
        {"a\0g", 4},
        {"a\0g4294967295", 14},
        {"a\0t80", 6},
        {"a\0t65536x1", 11},
        {"a\0t1x65536", 11},
        {"a\0n1", 5},
        {"a\0l7:1", 7},
        {"a\0l16:1:1", 10},
        {"a\0l-1:1:1", 10},
        {"a\0l7:2:1", 9},
        {"a\0l7:1:1:1", 11},
        {"a\0l7:1:", 8},
        {"a\0l7:-1:1", 10},
        {"a\0l7:1:18446744073709551616", 28},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct parsed parsed = parse(cases[i].bytes, cases[i].size);
        if (parsed.result != EINVAL)
            fail_msg("case %zu: %d", i, parsed.result);
        release(&parsed);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything_is_taken),
        cmocka_unit_test(limits_are_taken),
        cmocka_unit_test(a_program_alone_is_enough),
        cmocka_unit_test(what_is_no_request_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
