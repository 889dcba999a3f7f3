/* Which block devices of a bundle are meant for the guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "runtime/bundle/block_devices.h"

#define DEVICE(path, major, minor)                                                                           \
    "{\"path\":\"" path "\",\"type\":\"b\",\"major\":" #major ",\"minor\":" #minor "}"
#define ALL     "{\"allow\":true,\"access\":\"rwm\"}"
#define NOTHING "{\"allow\":false,\"access\":\"rwm\"}"
#define RULE(allow, type, access, major, minor)                                                              \
    "{\"allow\":" #allow ",\"type\":\"" type "\",\"access\":\"" access "\",\"major\":" #major                \
    ",\"minor\":" #minor "}"

static struct block_devices list;

static void read_list(const char *devices, const char *rules)
{
    cleanup_json json_t *device_array = json_loads(devices, 0, NULL);
    cleanup_json json_t *rule_array = rules != NULL ? json_loads(rules, 0, NULL) : NULL;
    assert_non_null(device_array);
    assert_true(rules == NULL || rule_array != NULL);
    block_devices_free(&list);
    block_devices_read(device_array, rule_array, &list);
}

static void one_with_a_rule_of_its_own_is_the_guests(void **state)
{
    (void)state;
    read_list("[" DEVICE("/dev/xvda", 7, 3) "," DEVICE("/dev/xvdb", 259, 1048575) "]",
              "[" NOTHING "," RULE(true, "b", "rwm", 7, 3) "," RULE(true, "b", "rm", 259, 1048575) "]");
    assert_int_equal(list.count, 2);
    assert_int_equal(list.items[0].number, makedev(7, 3));
    assert_false(list.items[0].readonly);
    assert_int_equal(list.items[0].mode, 0660);
    assert_int_equal(list.items[1].number, makedev(259, 1048575));
    assert_true(list.items[1].readonly);
}

static void those_of_a_privileged_container_are_not(void **state)
{
    (void)state;
    read_list("[" DEVICE("/dev/sda", 8, 0) "]", "[" ALL "]");
    assert_int_equal(list.count, 0);
    read_list("[" DEVICE("/dev/sda", 8, 0) "]", NULL);
    assert_int_equal(list.count, 0);
    read_list("[" DEVICE("/dev/sda", 8, 0) "]",
              "[" RULE(true, "b", "rwm", 8, -1) "," RULE(true, "c", "rwm", 8, 0) "," RULE(false, "b", "rwm",
                                                                                          8, 0) "]");
    assert_int_equal(list.count, 0);
}

static void other_kinds_and_devices_without_numbers_are_not(void **state)
{
    (void)state;
    read_list(
        "[{\"path\":\"/dev/null\",\"type\":\"c\",\"major\":1,\"minor\":3},{\"path\":\"/p\",\"type\":\"p\"},"
        "{\"path\":\"/dev/b\",\"type\":\"b\"}]",
        "[" RULE(true, "b", "rwm", 1, 3) "]");
    assert_int_equal(list.count, 0);
}

static void mode_and_owner_are_the_bundles(void **state)
{
    (void)state;
    read_list("[{\"path\":\"/dev/"
              "b\",\"type\":\"b\",\"major\":8,\"minor\":1,\"fileMode\":25008,\"uid\":5,\"gid\":6}]",
              "[" RULE(true, "b", "rwm", 8, 1) "]");
    assert_int_equal(list.count, 1);
    assert_int_equal(list.items[0].mode, 25008 & 0777);
    assert_int_equal(list.items[0].uid, 5);
    assert_int_equal(list.items[0].gid, 6);
}

static void a_device_that_the_host_has_not_is_named(void **state)
{
    (void)state;
    char *name = NULL;
    cleanup_error struct error error = {0};
    assert_int_equal(block_device_open(makedev(4000, 77), &name, &error), -1);
    assert_null(name);
    assert_non_null(strstr(error.message, "/sys/dev/block/4000:77/uevent"));
}

static int empty(void **state)
{
    (void)state;
    block_devices_free(&list);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_with_a_rule_of_its_own_is_the_guests),
        cmocka_unit_test(those_of_a_privileged_container_are_not),
        cmocka_unit_test(other_kinds_and_devices_without_numbers_are_not),
        cmocka_unit_test(mode_and_owner_are_the_bundles),
        cmocka_unit_test(a_device_that_the_host_has_not_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, empty);
}
