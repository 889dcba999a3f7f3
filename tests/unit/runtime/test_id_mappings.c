/* Ranges of IDs of a user namespace. */
#include "runtime/sandbox/namespaces/id_mappings.h"

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

static int load(const char *ranges, struct id_mappings *mappings, struct error *error)
{
    cleanup_json json_t *array = json_loads(ranges, 0, NULL);
    cleanup_json json_t *object = json_pack("{s:O}", "uidMappings", array);
    return id_mappings_read(object, "config.json", "uidMappings", mappings, error);
}

static void assert_refused(const char *ranges, const char *expected)
{
    struct id_mappings mappings = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(load(ranges, &mappings, &error), -1);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", expected, error.message);
    id_mappings_free(&mappings);
}

static void an_id_is_found_in_its_range(void **state)
{
    (void)state;
    struct id_mappings mappings = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(load("[{\"containerID\":0,\"hostID\":500,\"size\":1},"
                          "{\"containerID\":10,\"hostID\":1000,\"size\":5}]",
                          &mappings, &error),
                     0);
    assert_int_equal(id_mappings_outside(&mappings, 0), 500);
    assert_int_equal(id_mappings_outside(&mappings, 1), -1);
    assert_int_equal(id_mappings_outside(&mappings, 9), -1);
    assert_int_equal(id_mappings_outside(&mappings, 14), 1004);
    assert_int_equal(id_mappings_outside(&mappings, 15), -1);
    id_mappings_free(&mappings);
}

static void ranges_that_overlap_are_named(void **state)
{
    (void)state;
    assert_refused(
        "[{\"containerID\":0,\"hostID\":0,\"size\":10},{\"containerID\":9,\"hostID\":100,\"size\":1}]",
        "config.json: linux.uidMappings[1].containerID: 9: the range overlaps that of entry 0");
    assert_refused(
        "[{\"containerID\":5,\"hostID\":0,\"size\":1},{\"containerID\":0,\"hostID\":100,\"size\":6}]",
        "[1].containerID: 0: the range overlaps");
    assert_refused(
        "[{\"containerID\":0,\"hostID\":100,\"size\":5},{\"containerID\":5,\"hostID\":104,\"size\":1}]",
        "[1].hostID: 104: the range overlaps");
    struct id_mappings mappings = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(
        load("[{\"containerID\":5,\"hostID\":5,\"size\":5},{\"containerID\":0,\"hostID\":0,\"size\":5},"
             "{\"containerID\":10,\"hostID\":10,\"size\":5}]",
             &mappings, &error),
        0);
    id_mappings_free(&mappings);
}

static void ranges_beyond_the_last_id_are_named(void **state)
{
    (void)state;
    assert_refused("[{\"containerID\":4294967295,\"hostID\":0,\"size\":1}]", "reaches beyond the last ID");
    assert_refused("[{\"containerID\":0,\"hostID\":4294967290,\"size\":6}]", "reaches beyond the last ID");
    assert_refused("[{\"containerID\":0,\"hostID\":0,\"size\":0}]", "size: missing or 0");
    assert_refused("[7]", "config.json: linux.uidMappings[0]: not an object");
    struct id_mappings mappings = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(load("[{\"containerID\":0,\"hostID\":0,\"size\":4294967295}]", &mappings, &error), 0);
    id_mappings_free(&mappings);
}

static void ids_of_the_host_become_those_of_a_user_namespace(void **state)
{
    (void)state;
    struct id_mappings mappings = {0};
    struct id_mapping ranges[] = {{0, 1000, 1}, {1, 100000, 65536}};
    const struct id_mappings inside = {.items = ranges, .count = 2};
    cleanup_error struct error error = {0};
    assert_int_equal(load("[{\"containerID\":0,\"hostID\":1000,\"size\":1},"
                          "{\"containerID\":1,\"hostID\":100010,\"size\":7}]",
                          &mappings, &error),
                     0);
    assert_int_equal(id_mappings_translate(&mappings, &inside, "uidMappings", &error), 0);
    assert_int_equal(id_mappings_outside(&mappings, 0), 0);
    assert_int_equal(id_mappings_outside(&mappings, 1), 11);
    assert_int_equal(id_mappings_outside(&mappings, 7), 17);
    assert_int_equal(id_mappings_outside(&mappings, 8), -1);
    id_mappings_free(&mappings);
}

static void a_range_over_several_of_the_namespaces_is_split(void **state)
{
    (void)state;
    struct id_mappings mappings = {0};
    struct id_mapping ranges[] = {{50, 103, 10}, {0, 100, 3}};
    const struct id_mappings inside = {.items = ranges, .count = 2};
    cleanup_error struct error error = {0};
    assert_int_equal(load("[{\"containerID\":0,\"hostID\":101,\"size\":4}]", &mappings, &error), 0);
    assert_int_equal(id_mappings_translate(&mappings, &inside, "uidMappings", &error), 0);
    assert_int_equal(mappings.count, 2);
    assert_int_equal(id_mappings_outside(&mappings, 1), 2);
    assert_int_equal(id_mappings_outside(&mappings, 2), 50);
    assert_int_equal(id_mappings_outside(&mappings, 3), 51);
    id_mappings_free(&mappings);
}

static void an_id_that_the_user_does_not_have_is_named(void **state)
{
    (void)state;
    struct id_mappings mappings = {0};
    struct id_mapping ranges[] = {{0, 1000, 1}};
    const struct id_mappings inside = {.items = ranges, .count = 1};
    cleanup_error struct error error = {0};
    assert_int_equal(load("[{\"containerID\":0,\"hostID\":1000,\"size\":2}]", &mappings, &error), 0);
    assert_int_equal(id_mappings_translate(&mappings, &inside, "uidMappings", &error), -1);
    assert_non_null(strstr(error.message, "linux.uidMappings[0].hostID: 1001 is not an ID of this user"));
    assert_non_null(strstr(error.message, "/etc/subuid"));
    id_mappings_free(&mappings);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(an_id_is_found_in_its_range),
        cmocka_unit_test(ranges_that_overlap_are_named),
        cmocka_unit_test(ranges_beyond_the_last_id_are_named),
        cmocka_unit_test(ids_of_the_host_become_those_of_a_user_namespace),
        cmocka_unit_test(a_range_over_several_of_the_namespaces_is_split),
        cmocka_unit_test(an_id_that_the_user_does_not_have_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
