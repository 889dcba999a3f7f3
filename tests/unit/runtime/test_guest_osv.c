/* The command line of an OSv guest, and what its loader and its command parser read. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#include "tests/unit/fixtures/guest_readers.h"
#include "tests/unit/fixtures/random_text.h"

static void options_stand_before_the_command(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/hello", "-c", "two words", "");
    strings_add(&fixture->env, "K=V W");
    strings_add(&fixture->env, "no_value");
    fixture->input.network = &fixture->network;
    fixture->input.cwd = "/srv/a b";
    assert_plan(
        fixture, FRAMEWORK_OSV,
        "--ip=eth0,10.88.0.5,255.255.0.0 --defaultgw=10.88.0.1 --nameserver=10.88.0.53 --rootfs=ramfs "
        "--env=K=V\\ W --cwd=/srv/a\\ b /hello \"-c\" \"two words\" \"\"");
}

static void a_disk_is_the_root_whatever_is_on_it(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/hello");
    fixture->input.has_block = true;
    fixture->input.cwd = "/";
    assert_plan(fixture, FRAMEWORK_OSV, "/hello");
    fixture->input.block_mount_point = "/";
    assert_plan(fixture, FRAMEWORK_OSV, "/hello");
    fixture->input.block_mount_point = "/data";
    assert_refused(fixture, FRAMEWORK_OSV, "blkMntPoint /data: an OSv guest's disk is its root");
}

static void an_address_alone_has_no_other_options(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.network = &fixture->network;
    fixture->input.has_block = true;
    fixture->network.gateway[0] = fixture->network.dns[0] = '\0';
    assert_plan(fixture, FRAMEWORK_OSV, "--ip=eth0,10.88.0.5,255.255.0.0 ");
}

static void the_cmdline_annotation_is_used_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_block = true;
    fixture->input.cmdline = "/a.so $X; /b.so &";
    assert_plan(fixture, FRAMEWORK_OSV, "/a.so $X; /b.so &");
}

static void what_the_command_parser_would_change_is_refused(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "/a", "cost: 5$");
    assert_refused(fixture, FRAMEWORK_OSV,
                   "process.args[1] cost: 5$: OSv would take what follows the $ for the name of a variable");
    SET_ARGS(fixture, "/\xc3\xa9");
    assert_refused(fixture, FRAMEWORK_OSV, "process.args[0] /\xc3\xa9: OSv's command line is ASCII");
}

static void assert_read(struct fixture *fixture)
{
    struct osv_seen seen;
    osv_read(fixture->boot.command_line, &seen);
    assert_false(seen.broken);
    assert_false(seen.more);
    assert_strings(&seen.args, 0, &fixture->args);
    struct strings options = {0};
    for (size_t i = 0; i < fixture->env.count; i++)
        strings_format(&options, "--env=%s", fixture->env.items[i]);
    assert_strings(&seen.options, 1, &options);
    strings_free(&options);
    osv_seen_free(&seen);
}

static bool is_carried(const char *text)
{
    for (; *text != '\0'; text++)
        if (*text == '$' || (unsigned char)*text >= 0x80)
            return false;
    return true;
}

static void arguments_reach_the_guest_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "-x", "--env=A", ";", "&!", "a;b", "\\n", "\"", "", " ", "a\tb", "x\\", "!");
    assert_int_equal(plan(fixture, FRAMEWORK_OSV), 0);
    assert_read(fixture);
    uint64_t seed = 3;
    size_t carried = 0;
    for (size_t round = 0; round < 20000; round++) {
        bool all = true;
        strings_free(&fixture->args);
        strings_free(&fixture->env);
        for (size_t i = random_next(&seed) % 5; i > 0; i--) {
            char *text = random_text(&seed, random_alphabet, RANDOM_PIECES, 8);
            all = all && is_carried(text);
            strings_add_owned(&fixture->args, text);
        }
        for (size_t i = random_next(&seed) % 4; i > 0; i--) {
            char *value = random_text(&seed, random_alphabet, RANDOM_PIECES, 8);
            strings_format(&fixture->env, "V%zu=%s", i, value);
            free(value);
        }
        assert_int_equal(plan(fixture, FRAMEWORK_OSV), all ? 0 : -1);
        if (all)
            assert_read(fixture);
        carried += all ? 1 : 0;
    }
    assert_in_range(carried, 5000, 19999);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(options_stand_before_the_command),
        guest_test(a_disk_is_the_root_whatever_is_on_it),
        guest_test(an_address_alone_has_no_other_options),
        guest_test(the_cmdline_annotation_is_used_as_it_is),
        guest_test(what_the_command_parser_would_change_is_refused),
        guest_test(arguments_reach_the_guest_byte_for_byte),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
