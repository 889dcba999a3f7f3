/* How a container's memory is shared between guest and monitor. */
#include "runtime/process/memory_plan.h"

#include "formats/base/cleanup.h"
#include "tests/unit/fixtures/temporary.h"

#define MIB ((uint64_t)1 << 20)

/* A limit of 128 MiB, and a monitor that may have 256 MiB and was measured to need 48. */
static struct memory_question question_with(uint64_t limit, uint64_t left)
{
    return (struct memory_question){.framework = "linux",
                                    .limit = 128 * MIB,
                                    .configured = 256 * MIB,
                                    .overhead = 256 * MIB,
                                    .footprint = 48 * MIB,
                                    .room = {limit, left}};
}

static void assert_plan(const struct memory_question *question, uint64_t guest, uint64_t overhead)
{
    cleanup_error struct error error = {0};
    struct memory_plan plan;
    assert_int_equal(memory_plan(question, &plan, &error), 0);
    assert_int_equal(plan.guest / MIB, guest);
    assert_int_equal(plan.overhead / MIB, overhead);
}

static void assert_refused(const struct memory_question *question, const char *why)
{
    cleanup_error struct error error = {0};
    struct memory_plan plan;
    assert_int_equal(memory_plan(question, &plan, &error), -1);
    assert_non_null(strstr(error.message, "linux.resources.memory.limit"));
    assert_non_null(strstr(error.message, why));
}

static void without_a_limit_above_the_guest_has_all(void **state)
{
    (void)state;
    struct memory_question question = question_with(CGROUP_NO_LIMIT, CGROUP_NO_LIMIT);
    assert_plan(&question, 128, 256);
    question.asked = 64 * MIB;
    assert_plan(&question, 64, 256);
    question.asked = question.limit = 0;
    assert_plan(&question, 256, 0);
    question.needed = 512 * MIB;
    assert_plan(&question, 512, 0);
}

static void a_pod_with_an_overhead_leaves_the_guest_all(void **state)
{
    (void)state;
    struct memory_question question = question_with(384 * MIB, 384 * MIB);
    assert_plan(&question, 128, 256);
    question.room = (struct cgroup_room){176 * MIB, 176 * MIB};
    assert_plan(&question, 128, 48);
    question.room = (struct cgroup_room){200 * MIB, 200 * MIB};
    assert_plan(&question, 128, 72);
}

static void a_pod_without_an_overhead_takes_it_from_the_guest(void **state)
{
    (void)state;
    struct memory_question question = question_with(128 * MIB, 128 * MIB);
    assert_plan(&question, 80, 0);
    question.room = (struct cgroup_room){176 * MIB - 1, 176 * MIB - 1};
    assert_plan(&question, 80, 0);
    /* Less than the limit altogether. */
    question.room = (struct cgroup_room){100 * MIB, 100 * MIB};
    assert_plan(&question, 52, 0);
    /* The room is a sidecar's. */
    question.room = (struct cgroup_room){256 * MIB, 128 * MIB};
    assert_plan(&question, 80, 0);
}

static void what_is_left_is_whole_mebibytes(void **state)
{
    (void)state;
    struct memory_question question = question_with(128 * MIB, 128 * MIB);
    question.limit = 100 * MIB + 4096;
    cleanup_error struct error error = {0};
    struct memory_plan plan;
    question.room = (struct cgroup_room){question.limit, question.limit};
    assert_int_equal(memory_plan(&question, &plan, &error), 0);
    assert_int_equal(plan.guest, 52 * MIB);
}

static void a_guest_without_a_limit_fits_the_pod(void **state)
{
    (void)state;
    struct memory_question question = question_with(128 * MIB, 128 * MIB);
    question.limit = 0;
    assert_plan(&question, 80, 0);
}

static void too_little_for_the_guest_is_an_error_with_the_numbers(void **state)
{
    (void)state;
    struct memory_question question = question_with(128 * MIB, 128 * MIB);
    question.needed = 81 * MIB;
    assert_refused(&question, "128 MiB for guest and monitor together");
    assert_refused(&question, "needs 81 MiB and its monitor 48 MiB");
    question.needed = 80 * MIB;
    assert_plan(&question, 80, 0);
    question.asked = 100 * MIB;
    assert_refused(&question, "needs 100 MiB");
    question = question_with(40 * MIB, 40 * MIB);
    assert_refused(&question, "40 MiB");
    question = question_with(49 * MIB, 49 * MIB);
    assert_refused(&question, "needs 2 MiB");
}

static void another_limit_must_hold_the_guest(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct memory_plan plan = {.guest = 128 * MIB, .overhead = 256 * MIB, .footprint = 48 * MIB};
    struct memory_question question = question_with(CGROUP_NO_LIMIT, CGROUP_NO_LIMIT);
    question.limit = 512 * MIB;
    assert_int_equal(memory_plan_again(&question, &plan, &error), 0);
    assert_int_equal(plan.overhead, 256 * MIB);
    assert_int_equal(plan.guest, 128 * MIB);
    question.limit = 127 * MIB;
    assert_int_equal(memory_plan_again(&question, &plan, &error), -1);
    assert_non_null(strstr(error.message, "the guest has had 128 MiB"));
    error_clear(&error);
    /* Without room for the monitor the limit must hold both. */
    question = question_with(170 * MIB, 170 * MIB);
    assert_int_equal(memory_plan_again(&question, &plan, &error), -1);
    error_clear(&error);
    question.limit = 176 * MIB;
    question.room = (struct cgroup_room){176 * MIB, 176 * MIB};
    assert_int_equal(memory_plan_again(&question, &plan, &error), 0);
    assert_int_equal(plan.overhead, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(without_a_limit_above_the_guest_has_all),
        cmocka_unit_test(a_pod_with_an_overhead_leaves_the_guest_all),
        cmocka_unit_test(a_pod_without_an_overhead_takes_it_from_the_guest),
        cmocka_unit_test(what_is_left_is_whole_mebibytes),
        cmocka_unit_test(a_guest_without_a_limit_fits_the_pod),
        cmocka_unit_test(too_little_for_the_guest_is_an_error_with_the_numbers),
        cmocka_unit_test(another_limit_must_hold_the_guest),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
