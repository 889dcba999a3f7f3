/* The tender's command line. */
#include "tests/unit/fixtures/temporary.h"

#include "runtime/monitors/spt/options.h"

#define WORDS(...)                                                                                           \
    (const char *[])                                                                                         \
    {                                                                                                        \
        "urunc-spt", "--mem=64", "--kernel=@3", __VA_ARGS__, NULL                                            \
    }

static struct spt_options parse(const char *const *argv)
{
    struct spt_options options;
    struct error error = {0};
    int result = spt_options_parse(argv, &options, &error);
    if (result < 0)
        print_message("%s\n", error.message);
    assert_int_equal(result, 0);
    assert_false(error_is_set(&error));
    return options;
}

static void refuse(const char *const *argv, const char *message)
{
    struct spt_options options;
    struct error error = {0};
    assert_int_equal(spt_options_parse(argv, &options, &error), -1);
    if (strcmp(error.message, message) != 0)
        fail_msg("got: %s\nexpected: %s", error.message, message);
    error_clear(&error);
}

static void test_kernel_and_memory(void **state)
{
    (void)state;
    struct spt_options options =
        parse((const char *[]){"urunc-spt", "--mem=2", "--kernel=@2147483647", NULL});
    assert_int_equal(options.memory, 2 << 20);
    assert_int_equal(options.kernel, 2147483647);
    assert_int_equal(options.device_count, 0);
    assert_null(*options.arguments);
}

static void test_everything_behind_the_dashes_is_the_guests(void **state)
{
    (void)state;
    struct spt_options options = parse(WORDS("--", "--mem=x", "", "--", "--help"));
    const char *const expected[] = {"--mem=x", "", "--", "--help"};
    for (size_t i = 0; i < 4; i++)
        assert_string_equal(options.arguments[i], expected[i]);
    assert_null(options.arguments[4]);
}

static void test_devices_with_their_properties_in_any_order(void **state)
{
    (void)state;
    struct spt_options options =
        parse(WORDS("--net-mtu:service=9000", "--block:storage=@7", "--net:service=@5",
                    "--net-mac:service=02:42:aC:11:00:Ff", "--block-sector-size:storage=4096"));
    assert_int_equal(options.device_count, 2);
    const struct spt_device *net = &options.devices[0], *block = &options.devices[1];
    assert_string_equal(net->name, "service");
    assert_false(net->is_block);
    assert_int_equal(net->fd, 5);
    assert_int_equal(net->mtu, 9000);
    assert_true(net->has_mac);
    assert_memory_equal(net->mac, "\x02\x42\xac\x11\x00\xff", 6);
    assert_string_equal(block->name, "storage");
    assert_true(block->is_block);
    assert_int_equal(block->fd, 7);
    assert_int_equal(block->block_size, 4096);
}

static void test_defaults_of_devices(void **state)
{
    (void)state;
    struct spt_options options = parse(WORDS("--net:a=@4", "--block:b=@5"));
    assert_int_equal(options.devices[0].mtu, 1500);
    assert_false(options.devices[0].has_mac);
    assert_int_equal(options.devices[1].block_size, 512);
}

static void test_help_and_version_come_before_what_is_missing(void **state)
{
    (void)state;
    assert_true(parse((const char *[]){"urunc-spt", "--help", NULL}).help);
    assert_true(parse((const char *[]){"urunc-spt", "--version", NULL}).version);
}

static void test_what_must_be_there(void **state)
{
    (void)state;
    refuse((const char *[]){"urunc-spt", NULL}, "--mem=MIB is missing");
    refuse((const char *[]){NULL}, "--mem=MIB is missing");
    refuse((const char *[]){"urunc-spt", "--mem=2", NULL}, "--kernel=@FD is missing");
    refuse(WORDS("--net-mac:service=02:00:00:00:00:01"), "--net:service=@FD is missing");
    refuse(WORDS("--block-sector-size:a=512"), "--block:a=@FD is missing");
}

static void test_words_that_are_no_options(void **state)
{
    (void)state;
    refuse(WORDS("hello"), "\"hello\": not an option; the guest's arguments stand behind --");
    refuse(WORDS("-m"), "\"-m\": not an option; the guest's arguments stand behind --");
    refuse(WORDS("--x-exec-heap"), "\"--x-exec-heap\": unknown option; --help lists them");
    refuse(WORDS("--memory=2"), "\"--memory=2\": unknown option; --help lists them");
    refuse(WORDS("--me=2"), "\"--me=2\": unknown option; --help lists them");
    refuse(WORDS("--mem"), "\"--mem\": the option's value is missing (NAME=VALUE, in one word)");
    refuse(WORDS("--mem:a=2"), "--mem is not an option of a device");
}

static void test_numbers(void **state)
{
    (void)state;
    static const char *const bad[] = {"",   "1",  "0",   "-2",       "+2",
                                      " 2", "2 ", "0x2", "67108865", "99999999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char word[64], message[128];
        snprintf(word, sizeof word, "--mem=%s", bad[i]);
        snprintf(message, sizeof message, "--mem: \"%s\": must be a number from 2 to 67108864", bad[i]);
        refuse(WORDS(word), message);
    }
    refuse(WORDS("--net-mtu:a=67"), "--net-mtu:a: \"67\": must be a number from 68 to 65535");
    refuse(WORDS("--net-mtu:a=65536"), "--net-mtu:a: \"65536\": must be a number from 68 to 65535");
}

static void test_descriptors_are_numbers_behind_an_at_sign(void **state)
{
    (void)state;
    refuse(WORDS("--net:a=tap0"), "--net:a: \"tap0\": must be @ and the number of an open descriptor");
    refuse(WORDS("--block:a=@2"), "--block:a: \"2\": must be a number from 3 to 2147483647");
    refuse(WORDS("--block:a=@2147483648"),
           "--block:a: \"2147483648\": must be a number from 3 to 2147483647");
    refuse(WORDS("--block:a=@4x"), "--block:a: \"4x\": must be a number from 3 to 2147483647");
}

static void test_a_descriptor_has_one_use(void **state)
{
    (void)state;
    refuse(WORDS("--net:a=@4", "--net:b=@4"), "descriptor 4 is the devices a and b");
    refuse(WORDS("--net:a=@4", "--block:b=@4"), "descriptor 4 is the devices a and b");
    refuse(WORDS("--block:b=@3"), "descriptor 3 is the kernel and the device b");
    refuse(WORDS("--net:a=@4", "--net:a=@5"), "--net:a: given twice");
    refuse(WORDS("--kernel=@4"), "--kernel: given twice");
}

static void test_names_of_devices(void **state)
{
    (void)state;
    const char *message = "--net:NAME=...: the device's name must be 1 to 67 letters and digits";
    refuse(WORDS("--net=@4"), message);
    refuse(WORDS("--net:=@4"), message);
    refuse(WORDS("--net:a-b=@4"), message);
    refuse(WORDS("--net:a:b=@4"), message);
    refuse(WORDS("--net:\xc3\xa4=@4"), message);
    char word[128] = "--net:";
    memset(word + 6, 'n', 68);
    strcpy(word + 6 + 68, "=@4");
    refuse(WORDS(word), message);
    strcpy(word + 6 + 67, "=@4");
    assert_int_equal(strlen(parse(WORDS(word)).devices[0].name), 67);
    refuse(WORDS("--net:a=@4", "--block:a=@5"), "the device a is a network device and a block device");
}

static void test_addresses_of_interfaces(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "",
        "02:42:ac:11:00",
        "02:42:ac:11:00:02:03",
        "02-42-ac-11-00-02",
        "2:42:ac:11:00:002",
        "02:42:ac:11:00:0g",
        "03:42:ac:11:00:02", /* of a group */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        char word[64], message[128];
        snprintf(word, sizeof word, "--net-mac:a=%s", bad[i]);
        snprintf(message, sizeof message,
                 "--net-mac:a: \"%s\": must be the address of one interface, like 02:42:ac:11:00:02", bad[i]);
        refuse(WORDS(word), message);
    }
}

static void test_block_sizes(void **state)
{
    (void)state;
    assert_int_equal(parse(WORDS("--block:a=@4", "--block-sector-size:a=32768")).devices[0].block_size,
                     32768);
    refuse(WORDS("--block-sector-size:a=256"),
           "--block-sector-size:a: \"256\": must be a number from 512 to 32768");
    refuse(WORDS("--block-sector-size:a=65536"),
           "--block-sector-size:a: \"65536\": must be a number from 512 to 32768");
    refuse(WORDS("--block-sector-size:a=521"), "--block-sector-size:a: \"521\": must be a power of two");
}

static void test_not_more_devices_than_a_manifest_holds(void **state)
{
    (void)state;
    char words[SOLO5_MAX_DEVICES + 1][16];
    const char *argv[SOLO5_MAX_DEVICES + 5] = {"urunc-spt", "--mem=2", "--kernel=@3"};
    for (int i = 0; i < SOLO5_MAX_DEVICES; i++) {
        snprintf(words[i], sizeof words[i], "--net:n%d=@%d", i, i + 10);
        argv[i + 3] = words[i];
    }
    assert_int_equal(parse(argv).device_count, SOLO5_MAX_DEVICES);
    argv[SOLO5_MAX_DEVICES + 3] = "--net:more=@4";
    refuse(argv, "more than 63 devices");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_kernel_and_memory),
        cmocka_unit_test(test_everything_behind_the_dashes_is_the_guests),
        cmocka_unit_test(test_devices_with_their_properties_in_any_order),
        cmocka_unit_test(test_defaults_of_devices),
        cmocka_unit_test(test_help_and_version_come_before_what_is_missing),
        cmocka_unit_test(test_what_must_be_there),
        cmocka_unit_test(test_words_that_are_no_options),
        cmocka_unit_test(test_numbers),
        cmocka_unit_test(test_descriptors_are_numbers_behind_an_at_sign),
        cmocka_unit_test(test_a_descriptor_has_one_use),
        cmocka_unit_test(test_names_of_devices),
        cmocka_unit_test(test_addresses_of_interfaces),
        cmocka_unit_test(test_block_sizes),
        cmocka_unit_test(test_not_more_devices_than_a_manifest_holds),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
