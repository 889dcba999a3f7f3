/* Rumprun's JSON, and what its parsers make of it. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/random_words.h"

/* ---- the guest's two parsers, said again ---- */

/* lib/libbmk_core/jsmn.c, jsmn_parse_string: the bytes between the quotes, undecoded. `at` stands on the
 * first quote and is left behind the last one. NULL where that parser fails. Owned by the caller. */
static char *scan_string(const char **at)
{
    const char *start = ++*at;
    for (; **at != '\0'; (*at)++) {
        if (**at == '"')
            return xstrndup(start, (size_t)((*at)++ - start));
        if (**at != '\\')
            continue;
        (*at)++;
        if (**at == '\0' || strchr("\"/\\bfrntu", **at) == NULL)
            return NULL;
        for (int i = 1; **at == 'u' && i <= 4; i++)
            if ((*at)[i] == '\0' || strchr("0123456789abcdefABCDEF", (*at)[i]) == NULL)
                return NULL;
    }
    return NULL;
}

/* lib/librumprun_base/parseargs.c: blank, newline and tab end a word where no quote is open; a backslash
 * takes the next byte; a bare quote of either kind opens, closes or exchanges. */
static void parse_arguments(const char *line, struct strings *words)
{
    cleanup_buffer struct buffer word = {0};
    bool within = false;
    char quote = '\0';
    for (; *line != '\0'; line++) {
        bool escaped = *line == '\\' && line[1] != '\0';
        char c = escaped ? *++line : *line;
        if (!escaped && quote == '\0' && strchr(" \n\t", c) != NULL) {
            if (within)
                strings_add_owned(words, buffer_take(&word));
            within = false;
            continue;
        }
        within = true;
        if (!escaped && (c == '"' || c == '\''))
            quote = c == quote ? '\0' : c;
        else
            buffer_add_char(&word, c);
    }
    if (within)
        strings_add_owned(words, buffer_take(&word));
}

/* The values of a key at the object's first level, undecoded, in order. */
static void values_of(const char *json, const char *key, struct strings *values)
{
    int depth = 0;
    const char *at = json;
    while (*at != '\0') {
        depth += *at == '{' ? 1 : (*at == '}' ? -1 : 0);
        if (*at != '"') {
            at++;
            continue;
        }
        cleanup_free char *name = scan_string(&at);
        assert_non_null(name);
        bool is_key = depth == 1 && *at == ':';
        if (!is_key || strcmp(name, key) != 0)
            continue;
        at++;
        assert_int_equal(*at, '"');
        char *value = scan_string(&at);
        assert_non_null(value);
        strings_add_owned(values, value);
    }
    assert_int_equal(depth, 0);
}

/* ---- */

static void assert_arrives(struct fixture *fixture)
{
    cleanup_strings struct strings lines = {0}, words = {0}, variables = {0};
    values_of(fixture->boot.command_line, "cmdline", &lines);
    assert_int_equal(lines.count, 1);
    parse_arguments(lines.items[0], &words);
    assert_int_equal(words.count, fixture->args.count);
    for (size_t i = 0; i < words.count; i++)
        assert_string_equal(words.items[i], fixture->args.items[i]);
    values_of(fixture->boot.command_line, "env", &variables);
    assert_int_equal(variables.count, fixture->env.count);
    for (size_t i = 0; i < variables.count; i++)
        assert_string_equal(variables.items[i], fixture->env.items[i]);
}

/* The container's devices, for a manifest like that of Rumprun's own builds. */
static int plan_rumprun(struct fixture *fixture, bool nic, bool disk)
{
    boot_free(&fixture->boot);
    error_clear(&fixture->error);
    if (nic)
        boot_add_nic(&fixture->boot, -1);
    if (disk)
        boot_add_disk(&fixture->boot, 5, false);
    fixture->input.network = nic ? &fixture->network : NULL;
    return guest_find(FRAMEWORK_RUMPRUN)->plan(&fixture->input, &fixture->boot, &fixture->error);
}

static void everything(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "rootfs", true);
    declare(fixture, "tap", false);
    SET_ARGS(fixture, "redis-server", "/data/conf/redis.conf", "--save", "");
    strings_add(&fixture->env, "PATH=/bin:/usr/bin");
    strings_add(&fixture->env, "EMPTY=");
    assert_int_equal(plan_rumprun(fixture, true, true), 0);
    assert_string_equal(
        fixture->boot.command_line,
        "{\"cmdline\":\"redis-server /data/conf/redis.conf --save ''\",\"env\":\"PATH=/bin:/usr/bin\","
        "\"env\":\"EMPTY=\",\"net\":{\"if\":\"ukvmif0\",\"cloner\":\"True\",\"type\":\"inet\","
        "\"method\":\"static\",\"addr\":\"10.88.0.5\",\"mask\":\"16\",\"gw\":\"10.88.0.1\"},"
        "\"blk\":{\"source\":\"etfs\",\"path\":\"/dev/ld0a\",\"fstype\":\"blk\",\"mountpoint\":\"/data\"}}");
    assert_string_equal(fixture->boot.nics[0].name, "tap");
    assert_string_equal(fixture->boot.disks[0].name, "rootfs");
    assert_arrives(fixture);
}

static void nothing_but_a_program(void **state)
{
    struct fixture *fixture = *state;
    fixture->kernel.formats = KERNEL_SOLO5;
    fixture->kernel.has_solo5_manifest = true;
    SET_ARGS(fixture, "hello");
    assert_plan(fixture, FRAMEWORK_RUMPRUN, "{\"cmdline\":\"hello\"}");
    strings_free(&fixture->args);
    assert_plan(fixture, FRAMEWORK_RUMPRUN, "{\"cmdline\":\"\"}");
}

static void the_disk_is_mounted_where_the_annotation_says(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "rootfs", true);
    fixture->input.block_mount_point = "/srv/www data";
    assert_int_equal(plan_rumprun(fixture, false, true), 0);
    assert_non_null(strstr(fixture->boot.command_line, "\"mountpoint\":\"/srv/www data\"}}"));
    fixture->input.block_mount_point = "/a\"b";
    assert_int_equal(plan_rumprun(fixture, false, true), -1);
    assert_string_equal(
        fixture->error.message,
        "com.urunc.unikernel.blkMntPoint has a double quote, which Rumprun's JSON cannot carry");
}

static void assert_net(struct fixture *fixture, const char *expected)
{
    assert_int_equal(plan_rumprun(fixture, true, false), 0);
    const char *at = strstr(fixture->boot.command_line, "\"addr\"");
    assert_non_null(at);
    assert_string_equal(at, expected);
}

static void the_subnet_is_widened_to_hold_the_gateway(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "tap", false);
    struct network *network = &fixture->network;
    network->prefix = 32;
    assert_net(fixture, "\"addr\":\"10.88.0.5\",\"mask\":\"29\",\"gw\":\"10.88.0.1\"}}");
    strcpy(network->gateway, "100.64.0.1");
    assert_net(fixture, "\"addr\":\"10.88.0.5\",\"mask\":\"1\",\"gw\":\"100.64.0.1\"}}");
    strcpy(network->gateway, "10.88.0.5");
    assert_net(fixture, "\"addr\":\"10.88.0.5\",\"mask\":\"32\",\"gw\":\"10.88.0.5\"}}");
    *network->gateway = '\0';
    assert_net(fixture, "\"addr\":\"10.88.0.5\",\"mask\":\"32\"}}");
}

static void a_gateway_in_the_other_half_of_the_internet_is_refused(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "tap", false);
    strcpy(fixture->network.gateway, "169.254.1.1");
    assert_int_equal(plan_rumprun(fixture, true, false), -1);
    assert_string_equal(
        fixture->error.message,
        "network: the gateway 169.254.1.1 and the address 10.88.0.5 have no subnet in common, "
        "and Rumprun needs one");
}

static void ipv6_is_told_where_there_is_nothing_else(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "tap", false);
    strcpy(fixture->network.address6, "fd00::5");
    strcpy(fixture->network.gateway6, "fe80::1");
    fixture->network.prefix6 = 64;
    assert_net(fixture, "\"addr\":\"10.88.0.5\",\"mask\":\"16\",\"gw\":\"10.88.0.1\"}}");
    *fixture->network.address = '\0';
    assert_net(fixture, "\"addr\":\"fd00::5\",\"mask\":\"64\",\"gw\":\"fe80::1\"}}");
    assert_non_null(strstr(fixture->boot.command_line, "\"type\":\"inet6\""));
}

static void a_kernel_without_a_network_device_is_told_no_address(void **state)
{
    struct fixture *fixture = *state;
    declare(fixture, "rootfs", true);
    boot_free(&fixture->boot);
    boot_add_nic(&fixture->boot, -1);
    boot_add_disk(&fixture->boot, 5, false);
    fixture->input.network = &fixture->network;
    assert_int_equal(guest_find(FRAMEWORK_RUMPRUN)->plan(&fixture->input, &fixture->boot, &fixture->error),
                     0);
    assert_null(strstr(fixture->boot.command_line, "\"net\""));
}

static void what_is_special_arrives(void **state)
{
    struct fixture *fixture = *state;
    fixture->kernel.formats = KERNEL_SOLO5;
    fixture->kernel.has_solo5_manifest = true;
    SET_ARGS(fixture, "a b", "\"", "\\", "\"quoted text\"", "\t", "two\nlines", "", "{\"a\":[1]}", "--",
             "\xc3\xa9", "end\\");
    strings_add(&fixture->env, "A=b c 'd' \t {}");
    strings_add(&fixture->env, "WINDOWS=C:\\\\new\\table");
    strings_add(&fixture->env, "ESCAPED=\\\"x\\\" \\u00e9");
    assert_int_equal(plan(fixture, FRAMEWORK_RUMPRUN), 0);
    assert_arrives(fixture);
}

static void every_list_of_arguments_arrives_or_is_refused(void **state)
{
    static const char alphabet[] = "  \"\\\\'ab=nu0\t\n\x01\xff{";
    struct fixture *fixture = *state;
    fixture->kernel.formats = KERNEL_SOLO5;
    fixture->kernel.has_solo5_manifest = true;
    uint64_t seed = 1;
    int refused = 0;
    for (int round = 0; round < 5000; round++) {
        strings_free(&fixture->args);
        strings_free(&fixture->env);
        for (uint32_t left = next_random(&seed) % 4; left > 0; left--)
            strings_add_owned(&fixture->args, random_word(&seed, alphabet, sizeof alphabet - 1));
        if (next_random(&seed) % 2 == 0)
            strings_add_owned(&fixture->env, random_word(&seed, alphabet, sizeof alphabet - 1));
        if (plan(fixture, FRAMEWORK_RUMPRUN) == 0)
            assert_arrives(fixture);
        else
            refused++;
    }
    assert_in_range(refused, 500, 4500);
}

static void what_the_json_cannot_carry_is_refused_by_name(void **state)
{
    static const struct {
        const char *argument;
        const char *variable;
        const char *message;
    } cases[] = {
        {"it's", NULL, "process.args[0] has a single quote, which Rumprun's JSON cannot carry"},
        {"_RUMPRUN_ROOTFSCFG=/x", NULL,
         "process.args[0] has \"_RUMPRUN_ROOTFSCFG=\", which Rumprun's JSON cannot carry"},
        {NULL, "K=\"v\"", "process.env[0] (K) has a double quote, which Rumprun's JSON cannot carry"},
        {NULL, "K=a\\",
         "process.env[0] (K) has a backslash that begins no escape of JSON, which Rumprun's JSON "
         "cannot carry"},
        {NULL, "K=\\d",
         "process.env[0] (K) has a backslash that begins no escape of JSON, which Rumprun's JSON "
         "cannot carry"},
        {NULL, "K=\\u12g4",
         "process.env[0] (K) has a backslash that begins no escape of JSON, which Rumprun's "
         "JSON cannot carry"},
        {NULL, "K=_RUMPRUN_ROOTFSCFG=/x",
         "process.env[0] (K) has \"_RUMPRUN_ROOTFSCFG=\", which Rumprun's JSON cannot carry"},
    };
    struct fixture *fixture = *state;
    fixture->kernel.formats = KERNEL_SOLO5;
    fixture->kernel.has_solo5_manifest = true;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        strings_free(&fixture->args);
        strings_free(&fixture->env);
        if (cases[i].argument != NULL)
            strings_add(&fixture->args, cases[i].argument);
        if (cases[i].variable != NULL)
            strings_add(&fixture->env, cases[i].variable);
        assert_refused(fixture, FRAMEWORK_RUMPRUN, cases[i].message);
    }
}

static void the_cmdline_annotation_is_split_by_the_guest(void **state)
{
    struct fixture *fixture = *state;
    fixture->kernel.formats = KERNEL_SOLO5;
    fixture->kernel.has_solo5_manifest = true;
    fixture->input.cmdline = "redis-server 'a b' \"c\" \\d";
    assert_plan(fixture, FRAMEWORK_RUMPRUN, "{\"cmdline\":\"redis-server 'a b' \\\"c\\\" \\\\d\"}");
}

static void a_line_longer_than_solo5s_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->kernel.formats = KERNEL_SOLO5;
    fixture->kernel.has_solo5_manifest = true;
    char *text = calloc(1, 8193);
    memset(text, 'x', 8192);
    strings_add_owned(&fixture->env, text);
    assert_refused(fixture, FRAMEWORK_RUMPRUN,
                   "the guest's command line would have 8215 bytes, Solo5's has 8191 at most");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(everything),
        guest_test(nothing_but_a_program),
        guest_test(the_disk_is_mounted_where_the_annotation_says),
        guest_test(ipv6_is_told_where_there_is_nothing_else),
        guest_test(the_subnet_is_widened_to_hold_the_gateway),
        guest_test(a_gateway_in_the_other_half_of_the_internet_is_refused),
        guest_test(a_kernel_without_a_network_device_is_told_no_address),
        guest_test(what_is_special_arrives),
        guest_test(every_list_of_arguments_arrives_or_is_refused),
        guest_test(what_the_json_cannot_carry_is_refused_by_name),
        guest_test(the_cmdline_annotation_is_split_by_the_guest),
        guest_test(a_line_longer_than_solo5s_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
