/* Scheduler, I/O priority and memory policy of config.json. */
#include "runtime/sandbox/scheduling.h"

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

static int load(const char *process, struct scheduling *scheduling, struct error *error)
{
    cleanup_json json_t *object = json_loads(process, 0, NULL);
    assert_non_null(object);
    *scheduling = (struct scheduling){0};
    if (scheduling_read(object, "config.json", scheduling, error) < 0)
        return -1;
    return memory_policy_read(object, "config.json", scheduling, error);
}

static void assert_refused(const char *process, const char *expected)
{
    struct scheduling scheduling;
    cleanup_error struct error error = {0};
    assert_int_equal(load(process, &scheduling, &error), -1);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", expected, error.message);
}

static void nothing_given_is_nothing_set(void **state)
{
    (void)state;
    struct scheduling scheduling;
    cleanup_error struct error error = {0};
    assert_int_equal(load("{}", &scheduling, &error), 0);
    assert_false(scheduling.has_scheduler);
    assert_false(scheduling.has_memory_policy);
    assert_int_equal(scheduling.io_priority, 0);
}

static void the_fields_of_a_policy_are_read(void **state)
{
    (void)state;
    struct scheduling scheduling;
    cleanup_error struct error error = {0};
    assert_int_equal(load("{\"scheduler\":{\"policy\":\"SCHED_DEADLINE\",\"runtime\":1,\"deadline\":2,"
                          "\"period\":18446744073709551,\"flags\":[\"SCHED_FLAG_DL_OVERRUN\","
                          "\"SCHED_FLAG_RECLAIM\"]},"
                          "\"ioPriority\":{\"class\":\"IOPRIO_CLASS_RT\",\"priority\":7}}",
                          &scheduling, &error),
                     0);
    assert_int_equal(scheduling.scheduler.policy, 6);
    assert_int_equal(scheduling.scheduler.flags, 6);
    assert_int_equal(scheduling.scheduler.period, 18446744073709551);
    assert_int_equal(scheduling.io_priority, 1 << 13 | 7);
}

static void values_that_the_kernel_does_not_have_are_named(void **state)
{
    (void)state;
    assert_refused("{\"scheduler\":{}}", "process.scheduler.policy: missing");
    assert_refused("{\"scheduler\":{\"policy\":\"SCHED_ISO\"}}", "policy: \"SCHED_ISO\" is not known");
    assert_refused("{\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":20}}", "nice: 20 is out of range");
    assert_refused("{\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"nice\":-21}}", "nice: -21 is out of range");
    assert_refused("{\"scheduler\":{\"policy\":\"SCHED_OTHER\",\"flags\":[\"X\"]}}", "flags[0]: \"X\"");
    assert_refused("{\"ioPriority\":{\"class\":\"IOPRIO_CLASS_NONE\"}}", "ioPriority.class");
    assert_refused("{\"ioPriority\":{\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8}}", "priority: 8");
    assert_refused("{\"memoryPolicy\":{\"mode\":\"MPOL_PREFER\"}}", "linux.memoryPolicy.mode");
}

static void fields_of_another_policy_are_named(void **state)
{
    (void)state;
    assert_refused("{\"scheduler\":{\"policy\":\"SCHED_FIFO\"}}", "need one from 1 to 99");
    assert_refused("{\"scheduler\":{\"policy\":\"SCHED_FIFO\",\"priority\":100}}", "priority: 100");
    assert_refused("{\"scheduler\":{\"policy\":\"SCHED_BATCH\",\"priority\":1}}",
                   "only SCHED_FIFO and SCHED_RR");
    assert_refused("{\"scheduler\":{\"policy\":\"SCHED_RR\",\"priority\":1,\"period\":1}}",
                   "only SCHED_DEADLINE");
    assert_refused("{\"memoryPolicy\":{\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\"}}", "take none");
}

static void lists_of_numbers_become_bits(void **state)
{
    (void)state;
    struct scheduling scheduling;
    cleanup_error struct error error = {0};
    assert_int_equal(
        load("{\"memoryPolicy\":{\"mode\":\"MPOL_BIND\",\"nodes\":\"0-2,65,1023\"}}", &scheduling, &error),
        0);
    assert_int_equal(scheduling.memory_nodes[0], 7);
    assert_int_equal(scheduling.memory_nodes[1], 2);
    assert_true(scheduling.memory_nodes[15] == 1UL << 63);
    const char *const bad[] = {"1024", "0-1024", "2-1", ",",   "1,", "1,,2",
                               "-1",   "1-",     "a",   "0 1", "+1", "99999999999999999999999"};
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        unsigned long bits[16] = {0};
        cleanup_error struct error refused = {0};
        assert_int_equal(number_list_read(bad[i], "nodes", 1024, bits, &refused), -1);
        assert_non_null(strstr(refused.message, bad[i]));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_given_is_nothing_set),
        cmocka_unit_test(the_fields_of_a_policy_are_read),
        cmocka_unit_test(values_that_the_kernel_does_not_have_are_named),
        cmocka_unit_test(fields_of_another_policy_are_named),
        cmocka_unit_test(lists_of_numbers_become_bits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
