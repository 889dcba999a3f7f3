/* urunc's init reads the host's file, also a hostile one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Pure, and compiled for the guest otherwise. */
#include "runtime/init/cmdline.c"
#include "runtime/init/settings.c"

static struct cmdline parsed;
static char *bytes;

/* Parses a copy that ends where the records end. */
static void parse(const char *records, size_t size)
{
    free(parsed.args.items);
    free(parsed.env.items);
    free(parsed.mounts);
    free(parsed.nodes);
    free(bytes);
    memset(&parsed, 0, sizeof parsed);
    bytes = malloc(size + 1);
    memcpy(bytes, records, size);
    bytes[size] = '\0';
    settings_parse(bytes, size, &parsed);
}
#define PARSE(records) parse(records, sizeof(records) - 1)

static int release(void **state)
{
    (void)state;
    PARSE("");
    free(bytes);
    bytes = NULL;
    return 0;
}

static void records_are_what_the_program_gets(void **state)
{
    (void)state;
    PARSE("env=A=b c\0env=NEW=a\nb\0arg=sh\0arg=\0arg=-c\0user=33:34:5,6\0cwd=/a b\0hostname=box\0");
    assert_int_equal(parsed.env.count, 2);
    assert_string_equal(parsed.env.items[1], "NEW=a\nb");
    assert_null(parsed.env.items[2]);
    assert_int_equal(parsed.args.count, 3);
    assert_string_equal(parsed.args.items[1], "");
    assert_true(parsed.has_user && !parsed.user_is_malformed);
    assert_int_equal(parsed.gid, 34);
    assert_int_equal(parsed.group_count, 2);
    assert_string_equal(parsed.cwd, "/a b");
    assert_string_equal(parsed.hostname, "box");
}

static void a_text_is_split_as_the_command_line_is(void **state)
{
    (void)state;
    PARSE("line=-c 'a  b' \"c d\" e\0");
    assert_int_equal(parsed.args.count, 4);
    assert_string_equal(parsed.args.items[1], "a  b");
}

static void arguments_of_the_file_replace_those_of_the_command_line(void **state)
{
    (void)state;
    char line[] = "-- theirs", first[] = "env=A=1", second[] = "arg=ours";
    cmdline_parse(line, &parsed);
    char *behind = parsed.args.items[0];
    free(parsed.env.items);
    settings_parse(first, sizeof first - 1, &parsed);
    assert_ptr_equal(parsed.args.items[0], behind);
    char **words = parsed.args.items;
    settings_parse(second, sizeof second - 1, &parsed);
    assert_int_equal(parsed.args.count, 1);
    assert_string_equal(parsed.args.items[0], "ours");
    free(words);
}

static void mounts_have_four_parts_and_an_absolute_directory(void **state)
{
    (void)state;
    PARSE("mount=tree:0:ro:/a:b\0mount=tmpfs:size=1m,mode=1777:x:/run\0");
    assert_int_equal(parsed.mount_count, 2);
    assert_false(parsed.mounts_are_malformed);
    assert_string_equal(parsed.mounts[0].kind, "tree");
    assert_string_equal(parsed.mounts[0].directory, "/a:b");
    assert_string_equal(parsed.mounts[1].source, "size=1m,mode=1777");
    assert_string_equal(parsed.mounts[1].flags, "x");
    static const char *const malformed[] = {"mount=",         "mount=tree",      "mount=tree:0",
                                            "mount=tree:0:r", "mount=tree:0:r:", "mount=tree:0:r:relative"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        parse(malformed[i], strlen(malformed[i]));
        assert_true(parsed.mounts_are_malformed);
        assert_int_equal(parsed.mount_count, 0);
    }
}

static void nodes_have_five_parts(void **state)
{
    (void)state;
    PARSE("node=/dev/vdb:660:0:6:/dev/x:y\0");
    assert_int_equal(parsed.node_count, 1);
    assert_false(parsed.mounts_are_malformed);
    assert_string_equal(parsed.nodes[0].device, "/dev/vdb");
    assert_string_equal(parsed.nodes[0].path, "/dev/x:y");
    assert_int_equal(parsed.nodes[0].mode, 0660);
    assert_int_equal(parsed.nodes[0].gid, 6);
    static const char *const malformed[] = {"node=",
                                            "node=/dev/vdb",
                                            "node=/dev/vdb:660",
                                            "node=/dev/vdb:660:0:6",
                                            "node=/dev/vdb:660:0:6:x",
                                            "node=/dev/vdb:8:0:6:/x",
                                            "node=/dev/vdb:1777:0:6:/x",
                                            "node=/dev/vdb:660:-1:6:/x",
                                            "node=/dev/vdb::0:6:/x"};
    for (size_t i = 0; i < sizeof malformed / sizeof *malformed; i++) {
        parse(malformed[i], strlen(malformed[i]));
        assert_true(parsed.mounts_are_malformed);
        assert_int_equal(parsed.node_count, 0);
    }
}

static void malformed_users_are_told_from_none(void **state)
{
    (void)state;
    static const char *const records[] = {"user=",
                                          "user=33",
                                          "user=a:b",
                                          "user=-1:0",
                                          "user=4294967295:0",
                                          "user=1 :2",
                                          "user=99999999999999999999:1",
                                          "user=1:2:3,x,4"};
    for (size_t i = 0; i < sizeof records / sizeof *records; i++) {
        parse(records[i], strlen(records[i]));
        assert_true(parsed.user_is_malformed);
    }
    PARSE("user=1:2:3,4\0");
    assert_false(parsed.user_is_malformed);
    PARSE("cwd=/\0");
    assert_false(parsed.user_is_malformed || parsed.has_user);
}

static void as_many_groups_as_linux_has_are_kept(void **state)
{
    (void)state;
    static char record[CMDLINE_GROUPS * 8 + 64];
    size_t length = (size_t)sprintf(record, "user=1:2");
    for (int i = 0; i < CMDLINE_GROUPS; i++)
        length += (size_t)sprintf(record + length, "%c%d", i == 0 ? ':' : ',', i);
    parse(record, length);
    assert_false(parsed.user_is_malformed);
    assert_int_equal(parsed.group_count, CMDLINE_GROUPS);
    length += (size_t)sprintf(record + length, ",7");
    parse(record, length);
    assert_true(parsed.user_is_malformed);
}

static void unknown_records_and_a_last_one_without_its_nul_are_fine(void **state)
{
    (void)state;
    PARSE("later=x\0novalue\0\0=\0cwd=/last");
    assert_string_equal(parsed.cwd, "/last");
    assert_int_equal(parsed.env.count + parsed.args.count + parsed.mount_count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(records_are_what_the_program_gets, release),
        cmocka_unit_test_teardown(a_text_is_split_as_the_command_line_is, release),
        cmocka_unit_test_teardown(arguments_of_the_file_replace_those_of_the_command_line, release),
        cmocka_unit_test_teardown(mounts_have_four_parts_and_an_absolute_directory, release),
        cmocka_unit_test_teardown(nodes_have_five_parts, release),
        cmocka_unit_test_teardown(malformed_users_are_told_from_none, release),
        cmocka_unit_test_teardown(as_many_groups_as_linux_has_are_kept, release),
        cmocka_unit_test_teardown(unknown_records_and_a_last_one_without_its_nul_are_fine, release),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
