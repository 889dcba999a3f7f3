/* linux.intelRdt, on an ordinary directory in the place of resctrl: the files that the kernel puts into a
 * group are made by the tests. */
#include "runtime/sandbox/resctrl.h"

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

static const char *mount_of(void **state)
{
    return ((struct temporary *)*state)->path;
}

static int load(const char *text, struct resctrl_request *request, struct error *error)
{
    cleanup_free char *document = NULL;
    assert_true(asprintf(&document, "{\"intelRdt\":%s}", text) > 0);
    cleanup_json json_t *object = json_loads(document, 0, NULL);
    assert_non_null(object);
    *request = (struct resctrl_request){0};
    return resctrl_read(object, "config.json", request, error);
}

/* Plans and makes the groups of the container "box"; -1 with the error. */
static int make(void **state, const char *text, struct resctrl *resctrl, struct error *error)
{
    struct resctrl_request request;
    *resctrl = (struct resctrl){0};
    assert_int_equal(load(text, &request, error), 0);
    int status = resctrl_plan(mount_of(state), &request, "box", resctrl, error);
    if (status == 0)
        status = resctrl_make(mount_of(state), &request, resctrl, error);
    resctrl_request_free(&request);
    return status;
}

static void assert_refused(void **state, const char *text, const char *expected)
{
    struct resctrl resctrl;
    cleanup_error struct error error = {0};
    assert_int_equal(make(state, text, &resctrl, &error), -1);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", expected, error.message);
    cleanup_error struct error unexpected = {0};
    assert_int_equal(resctrl_remove(mount_of(state), &resctrl, &unexpected), 0);
    resctrl_free(&resctrl);
}

static void assert_made(void **state, const char *text, struct resctrl *resctrl)
{
    cleanup_error struct error error = {0};
    if (make(state, text, resctrl, &error) < 0)
        fail_msg("%s: %s", text, error.message);
}

static void assert_text(void **state, const char *file, const char *expected)
{
    cleanup_free char *text = temporary_read(*state, file);
    assert_string_equal(text, expected);
}

/* An existing group with the shares that the kernel would print. */
static void have_group(void **state, const char *name)
{
    static const char files[][16] = {"schemata", "tasks"};
    for (size_t i = 0; i < 2; i++) {
        cleanup_free char *path = NULL;
        assert_true(asprintf(&path, "%s/%s", name, files[i]) > 0);
        temporary_write_text(*state, path, i == 0 ? "    MB:0= 50;1=100\n    L3:0=007f0;1=1f\n" : "");
    }
}

static void a_group_of_the_containers_own_is_made_and_removed(void **state)
{
    struct resctrl resctrl;
    cleanup_error struct error error = {0};
    assert_made(state, "{}", &resctrl);
    assert_string_equal(resctrl.group, "box");
    assert_true(resctrl.made);
    temporary_write_text(*state, "box/tasks", "");
    assert_int_equal(resctrl_join(mount_of(state), &resctrl, 4321, &error), 0);
    assert_text(state, "box/tasks", "4321");
    assert_int_equal(unlinkat(((struct temporary *)*state)->fd, "box/tasks", 0), 0);
    assert_int_equal(resctrl_remove(mount_of(state), &resctrl, &error), 0);
    assert_int_equal(temporary_count(*state, "."), 0);
    assert_int_equal(resctrl_remove(mount_of(state), &resctrl, &error), 0);
    resctrl_free(&resctrl);
}

static void one_of_the_same_name_that_stood_there_is_used_and_stays(void **state)
{
    struct resctrl resctrl;
    cleanup_error struct error error = {0};
    have_group(state, "box");
    assert_made(state, "{\"schemata\":[\"L2:0=f\"]}", &resctrl);
    assert_false(resctrl.made);
    assert_text(state, "box/schemata", "L2:0=f\n");
    assert_int_equal(resctrl_remove(mount_of(state), &resctrl, &error), 0);
    assert_int_equal(temporary_count(*state, "box"), 2);
    resctrl_free(&resctrl);
}

static void a_class_that_exists_is_compared_and_never_removed(void **state)
{
    static const char *const same[] = {
        "{\"closID\":\"gold\"}",
        "{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0=7f0\"}",
        "{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:1=01F;0=7F0\"}",
        "{\"closID\":\"gold\",\"memBwSchema\":\"MB:1=100\",\"l3CacheSchema\":\"L3:0=7f0\\nMB:0=50\"}",
    };
    have_group(state, "gold");
    for (size_t i = 0; i < sizeof same / sizeof *same; i++) {
        struct resctrl resctrl;
        cleanup_error struct error error = {0};
        assert_made(state, same[i], &resctrl);
        assert_int_equal(resctrl_join(mount_of(state), &resctrl, 7, &error), 0);
        assert_text(state, "gold/tasks", "7");
        assert_int_equal(resctrl_remove(mount_of(state), &resctrl, &error), 0);
        assert_int_equal(temporary_count(*state, "gold"), 2);
        resctrl_free(&resctrl);
    }
    assert_text(state, "gold/schemata", "    MB:0= 50;1=100\n    L3:0=007f0;1=1f\n");
}

static void a_class_with_other_shares_is_refused(void **state)
{
    static const char *const other[] = {
        "{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0=7f1\"}",
        "{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0=7f0;2=1f\"}",
        "{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0\"}",
        "{\"closID\":\"gold\",\"l3CacheSchema\":\"L3:0;1=1f\"}",
        "{\"closID\":\"gold\",\"l3CacheSchema\":\"L3CODE:0=7f0\"}",
        "{\"closID\":\"gold\",\"memBwSchema\":\"MB:0=5\"}",
        "{\"closID\":\"gold\",\"memBwSchema\":\"MB:0=500\"}",
        "{\"closID\":\"gold\",\"memBwSchema\":\"MB:0=\"}",
    };
    have_group(state, "gold");
    for (size_t i = 0; i < sizeof other / sizeof *other; i++)
        assert_refused(state, other[i], "is not what the existing group");
    assert_text(state, "gold/tasks", "");
}

static void a_class_is_made_of_its_schemata_alone(void **state)
{
    assert_refused(state, "{\"closID\":\"gold\"}", "closID: there is no group");
    assert_refused(state, "{\"closID\":\"gold\",\"enableMonitoring\":true}", "closID: there is no group");
    assert_int_equal(temporary_count(*state, "."), 0);
    /* Here no file is in a new group, so that its shares cannot be written: nothing of it may stay. */
    assert_refused(state, "{\"closID\":\"gold\",\"memBwSchema\":\"MB:0=5\"}", "gold/schemata");
    assert_int_equal(temporary_count(*state, "."), 0);
}

static void the_default_class_is_the_mount_itself(void **state)
{
    struct resctrl resctrl;
    cleanup_error struct error error = {0};
    have_group(state, ".");
    assert_made(state, "{\"closID\":\"/\",\"memBwSchema\":\"MB:0=50\",\"schemata\":[\"L3:0=1\",\"L2:0=2\"]}",
                &resctrl);
    assert_string_equal(resctrl.group, "");
    assert_int_equal(resctrl_join(mount_of(state), &resctrl, 7, &error), 0);
    assert_text(state, "schemata", "L3:0=1\nL2:0=2\n");
    assert_text(state, "tasks", "7");
    assert_int_equal(resctrl_remove(mount_of(state), &resctrl, &error), 0);
    assert_int_equal(temporary_count(*state, "."), 2);
    resctrl_free(&resctrl);
}

static void a_group_for_measuring_lies_below_the_class(void **state)
{
    struct resctrl resctrl;
    cleanup_error struct error error = {0};
    have_group(state, "gold");
    assert_int_equal(mkdirat(((struct temporary *)*state)->fd, "gold/mon_groups", 0755), 0);
    assert_made(state, "{\"closID\":\"gold\",\"enableMonitoring\":true}", &resctrl);
    temporary_write_text(*state, "gold/mon_groups/box/tasks", "");
    assert_int_equal(resctrl_join(mount_of(state), &resctrl, 99, &error), 0);
    assert_text(state, "gold/mon_groups/box/tasks", "99");
    assert_text(state, "gold/tasks", "99");
    assert_int_equal(unlinkat(((struct temporary *)*state)->fd, "gold/mon_groups/box/tasks", 0), 0);
    assert_int_equal(resctrl_remove(mount_of(state), &resctrl, &error), 0);
    assert_int_equal(temporary_count(*state, "gold/mon_groups"), 0);
    resctrl_free(&resctrl);
}

static void somebody_elses_group_for_measuring_is_left_alone(void **state)
{
    have_group(state, "gold/mon_groups/box");
    have_group(state, "gold");
    assert_refused(state, "{\"closID\":\"gold\",\"enableMonitoring\":true}",
                   "mon_groups/box is somebody else's");
    assert_int_equal(temporary_count(*state, "gold/mon_groups/box"), 2);
}

static void the_kernels_reason_is_told(void **state)
{
    temporary_write_text(*state, "info/last_cmd_status", "out of CLOSIDs\n");
    have_group(state, "gold");
    assert_refused(state, "{\"closID\":\"gold\",\"enableMonitoring\":true}", "No such file");
    assert_refused(state, "{\"closID\":\"gold\",\"enableMonitoring\":true}", "(out of CLOSIDs)");
}

static void the_state_keeps_what_is_to_be_removed(void **state)
{
    (void)state;
    struct resctrl resctrl = {.group = strdup("box"), .made = true, .monitoring = strdup("box")}, read = {0};
    cleanup_error struct error error = {0};
    cleanup_json json_t *object = resctrl_to_json(&resctrl);
    assert_int_equal(resctrl_from_json(object, "state.json", &read, &error), 0);
    assert_string_equal(read.group, "box");
    assert_string_equal(read.monitoring, "box");
    assert_true(read.made);
    resctrl_free(&resctrl);
    resctrl_free(&read);
    assert_null(resctrl_to_json(&resctrl));
}

static void a_state_that_names_what_no_container_has_is_refused(void **state)
{
    (void)state;
    static const char *const wrong[] = {
        "{}",
        "{\"group\":\"..\",\"made\":true}",
        "{\"group\":\"../cgroup/x\",\"made\":true}",
        "{\"group\":\"\",\"made\":true}",
        "{\"group\":\"info\",\"made\":true}",
        "{\"group\":\"a\",\"monitoring\":\"../../b\"}",
        "{\"group\":\"a\",\"monitoring\":\"\"}",
        "{\"group\":1}",
    };
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        struct resctrl read = {0};
        cleanup_error struct error error = {0};
        cleanup_json json_t *object = json_loads(wrong[i], 0, NULL);
        if (resctrl_from_json(object, "state.json", &read, &error) == 0)
            fail_msg("%s was taken", wrong[i]);
        assert_non_null(strstr(error.message, "state.json: resctrl."));
        resctrl_free(&read);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_group_of_the_containers_own_is_made_and_removed),
        with_temporary(one_of_the_same_name_that_stood_there_is_used_and_stays),
        with_temporary(a_class_that_exists_is_compared_and_never_removed),
        with_temporary(a_class_with_other_shares_is_refused),
        with_temporary(a_class_is_made_of_its_schemata_alone),
        with_temporary(the_default_class_is_the_mount_itself),
        with_temporary(a_group_for_measuring_lies_below_the_class),
        with_temporary(somebody_elses_group_for_measuring_is_left_alone),
        with_temporary(the_kernels_reason_is_told),
        cmocka_unit_test(the_state_keeps_what_is_to_be_removed),
        cmocka_unit_test(a_state_that_names_what_no_container_has_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
