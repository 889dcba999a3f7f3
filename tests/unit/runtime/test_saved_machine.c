/* Which machine is the one that was saved, and what a description may say. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/process/guest/saved_machine.h"
#include "tests/unit/fixtures/temporary.h"

static void fill(struct strings *strings, const char *const *words)
{
    for (; *words != NULL; words++)
        strings_add(strings, *words);
}
#define WORDS(...) ((const char *const[]){__VA_ARGS__, NULL})

static int compare(const char *const *saved, const char *const *now)
{
    struct saved_machine machine = SAVED_MACHINE_NONE;
    cleanup_strings struct strings argv = {0};
    cleanup_error struct error error = {0};
    fill(&machine.words, saved);
    fill(&argv, now);
    int status = saved_machine_check(&machine, &argv, &error);
    saved_machine_free(&machine);
    return status;
}

static void the_same_words_are_the_same_machine(void **state)
{
    (void)state;
    assert_int_equal(compare(WORDS("qemu", "-m", "1"), WORDS("qemu", "-m", "1")), 0);
    assert_int_equal(compare(WORDS("qemu", "-m", "1"), WORDS("qemu", "-m", "2")), -1);
    assert_int_equal(compare(WORDS("qemu", "-m", "1"), WORDS("qemu", "-m", "12")), -1);
    assert_int_equal(compare(WORDS("qemu", "-m", "12"), WORDS("qemu", "-m", "1")), -1);
    assert_int_equal(compare(WORDS("qemu"), WORDS("qemu", "-snapshot")), -1);
    assert_int_equal(compare(WORDS("qemu", "-snapshot"), WORDS("qemu")), -1);
}

static void descriptors_may_have_other_numbers(void **state)
{
    (void)state;
    assert_int_equal(compare(WORDS("tap,fd=5,mac=a"), WORDS("tap,fd=17,mac=a")), 0);
    assert_int_equal(compare(WORDS("tap,fd=5"), WORDS("tap,fd=17")), 0);
    assert_int_equal(compare(WORDS("tap,fd=5,mac=a"), WORDS("tap,fd=5,mac=b")), -1);
    assert_int_equal(compare(WORDS("tap,fd=5,mac=a"), WORDS("tap,fd=5")), -1);
    assert_int_equal(compare(WORDS("fd=1x"), WORDS("fd=1y")), -1);
    assert_int_equal(
        compare(WORDS("tap,fds=5:6,vhost=on,vhostfds=7:8"), WORDS("tap,fds=15:6,vhost=on,vhostfds=9:18")), 0);
    assert_int_equal(compare(WORDS("tap,fds=5:6"), WORDS("tap,fds=5:6:7")), -1);
    assert_int_equal(compare(WORDS("tap,fds=5:6"), WORDS("tap,fd=5")), -1);
    assert_int_equal(compare(WORDS("tap,fds=5:6x"), WORDS("tap,fds=5:6y")), -1);
}

static void a_restored_machine_is_the_one_that_it_was(void **state)
{
    (void)state;
    assert_int_equal(compare(WORDS("qemu", "-incoming", "fd:4", "-m"), WORDS("qemu", "-m")), 0);
    assert_int_equal(compare(WORDS("qemu", "-m"), WORDS("qemu", "-incoming", "fd:4", "-m")), 0);
    assert_int_equal(compare(WORDS("qemu", "-incoming", "fd:4"), WORDS("qemu", "-incoming", "fd:9")), 0);
    assert_int_equal(compare(WORDS("qemu", "-incoming"), WORDS("qemu")), -1);
}

static void a_restored_machine_is_described_elsewhere(void **state)
{
    (void)state;
    assert_int_equal(
        compare(WORDS("fc", "--config-file", "/x", "{\"vcpus\":1}"), WORDS("fc", "{\"vcpus\":1}")), 0);
    assert_int_equal(
        compare(WORDS("fc", "--config-file", "/x", "{\"vcpus\":1}"), WORDS("fc", "{\"vcpus\":2}")), -1);
    assert_int_equal(compare(WORDS("fc", "--config-file", "/x", "{}"), WORDS("fc")), -1);
}

static bool has_tap(const char *words, size_t index, char *name)
{
    struct saved_machine saved = SAVED_MACHINE_NONE;
    strings_add(&saved.words, "{}");
    strings_add(&saved.words, words);
    bool found = saved_machine_tap(&saved, index, name);
    saved_machine_free(&saved);
    return found;
}

#define TAP(name) "{\"host_dev_name\":\"" name "\"}"

static void taps_are_known_by_names_of_ours_alone(void **state)
{
    (void)state;
    char name[TAP_NAME_SIZE] = "before";
    assert_false(has_tap("{\"host_dev_name\":\"eth0\"}", 0, name));
    assert_false(has_tap(TAP("wlan0123"), 0, name));
    assert_false(has_tap(TAP("urunc0123456789a"), 0, name));
    assert_false(has_tap(TAP("urunc012/../x"), 0, name));
    assert_false(has_tap(TAP("urunc01"), 1, name));
    assert_true(has_tap(TAP("urunc01") TAP("urunc02"), 1, name));
    assert_string_equal(name, "urunc02");
    assert_true(has_tap(TAP("urunc01") TAP("urunc02"), 0, name));
    assert_string_equal(name, "urunc01");
}

static void what_is_described_is_read_back(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    cleanup_strings struct strings words = {0};
    cleanup_free char *path = xasprintf("%s/saved", temporary->path);
    struct saved_machine saved = SAVED_MACHINE_NONE;
    int directory = -1, files[SAVED_FILES] = {-1, -1};
    fill(&words, WORDS("qemu", "", "two words"));
    assert_int_equal(saved_machine_create(path, SAVED_FILES, files, &directory, &error), 0);
    assert_int_equal(saved_machine_open(path, "qemu", 1, &saved, &error), -1); /* not complete yet */
    assert_int_equal(saved_machine_describe(directory, "qemu", &words, &error), 0);
    assert_int_equal(saved_machine_open(path, "qemu", SAVED_FILES, &saved, &error), 0);
    assert_int_equal(saved_machine_check(&saved, &words, &error), 0);
    saved_machine_free(&saved);
    assert_int_equal(saved_machine_open(path, "spt", 1, &saved, &error), -1);
    saved_machine_free(&saved);
    saved_machine_discard(directory);
    assert_int_equal(directory_is_empty(directory, "."), 1);
    close(files[SAVED_STATE]);
    close(files[SAVED_MEMORY]);
    close(directory);
}

static void a_machine_larger_than_its_memory_is_refused(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    struct saved_machine saved = SAVED_MACHINE_NONE;
    uint64_t limit = saved_machine_limit(1 << 20);
    int directory = -1, files[SAVED_FILES] = {-1, -1};
    cleanup_strings struct strings words = {0};
    assert_int_equal(saved_machine_create(temporary->path, SAVED_FILES, files, &directory, &error), 0);
    assert_int_equal(saved_machine_describe(directory, "qemu", &words, &error), 0);
    assert_int_equal(ftruncate(files[SAVED_MEMORY], (off_t)limit), 0);
    assert_int_equal(saved_machine_open(temporary->path, "qemu", SAVED_FILES, &saved, &error), 0);
    assert_int_equal(saved_machine_check_size(&saved, limit, &error), 0);
    assert_int_equal(ftruncate(files[SAVED_MEMORY], (off_t)limit + 1), 0);
    assert_int_equal(saved_machine_check_size(&saved, limit, &error), -1);
    assert_non_null(strstr(error.message, "machine.memory: "));
    saved_machine_free(&saved);
    close(files[SAVED_STATE]);
    close(files[SAVED_MEMORY]);
    close(directory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_same_words_are_the_same_machine),
        cmocka_unit_test(descriptors_may_have_other_numbers),
        cmocka_unit_test(a_restored_machine_is_the_one_that_it_was),
        cmocka_unit_test(a_restored_machine_is_described_elsewhere),
        cmocka_unit_test(taps_are_known_by_names_of_ours_alone),
        with_temporary(what_is_described_is_read_back),
        with_temporary(a_machine_larger_than_its_memory_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
