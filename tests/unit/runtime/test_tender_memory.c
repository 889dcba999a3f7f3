/* The guest's memory: where it is mapped, and what it is told there. */
#include "tests/unit/fixtures/temporary.h"

#include <sys/mman.h>
#include <sys/personality.h>
#include <sys/wait.h>

#include "runtime/monitors/spt/memory.h"

enum { MEMORY = 4 << 20 };

/* In a process of its own: what it maps and changes is gone afterwards. */
static void in_child(void (*test)(void))
{
    pid_t pid = fork();
    if (pid == 0) {
        test();
        _exit(0);
    }
    int status;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

static void require(bool condition)
{
    if (!condition)
        _exit(1);
}

static void map(void)
{
    struct error error = {0};
    require(spt_memory_map(MEMORY, &error) == 0);
    unsigned char *memory = NULL;
    __asm__("" : "+r"(memory)); /* so that no compiler knows it to be no object */
    memory[SPT_MEMORY_BASE] = 1;
    memory[MEMORY - 1] = 1;
    require(msync(memory + MEMORY, 4096, MS_ASYNC) < 0); /* nothing is mapped behind it */
}

static void test_all_of_the_memory_is_mapped(void **state)
{
    (void)state;
    in_child(map);
}

static void map_twice(void)
{
    struct error error = {0};
    void *in_the_way = (void *)(uintptr_t)(MEMORY - 4096);
    require(mmap(in_the_way, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == in_the_way);
    require(spt_memory_map(MEMORY, &error) < 0);
    require(strcmp(error.message,
                   "4 MiB of memory: the tender itself lies there; the guest must do with less") == 0);
}

static void test_nothing_of_the_tenders_is_mapped_over(void **state)
{
    (void)state;
    in_child(map_twice);
}

static void all_executable(void)
{
    struct error error = {0};
    require(spt_memory_check_personality(&error) == 0);
    require(personality(READ_IMPLIES_EXEC) >= 0);
    require(spt_memory_check_personality(&error) < 0);
    require(strcmp(error.message,
                   "the personality READ_IMPLIES_EXEC is set: the guest's data would be executable") == 0);
}

static void test_a_personality_without_protection_is_refused(void **state)
{
    (void)state;
    in_child(all_executable);
}

static void test_boot_information_manifest_and_command_line_follow_each_other(void **state)
{
    (void)state;
    struct spt_manifest manifest = {.version = 1, .count = 2, .entries = {{.type = 1}, {.name = "disk"}}};
    const struct spt_boot_info info = {.memory = MEMORY, .kernel_end = 0x104000, .epoll = 5, .timer = 6};
    struct error error = {0};
    unsigned char *memory = calloc(1, MEMORY);
    const char *const arguments[] = {"a", "", "b c", NULL};
    assert_int_equal(spt_memory_write_boot_info((uintptr_t)memory, &info, &manifest, arguments, &error), 0);
    struct spt_boot_info got;
    memcpy(&got, memory + 0x11000, sizeof got);
    assert_int_equal(got.memory, MEMORY);
    assert_int_equal(got.kernel_end, 0x104000);
    assert_int_equal(got.epoll, 5);
    assert_int_equal(got.timer, 6);
    assert_int_equal(got.manifest, 0x11000 + 40);
    assert_int_equal(got.command_line, 0x11000 + 40 + 8 + 2 * 104);
    assert_memory_equal(memory + got.manifest, &manifest, 8 + 2 * 104);
    assert_string_equal((char *)memory + got.command_line, "a  b c");
    free(memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_all_of_the_memory_is_mapped),
        cmocka_unit_test(test_nothing_of_the_tenders_is_mapped_over),
        cmocka_unit_test(test_a_personality_without_protection_is_refused),
        cmocka_unit_test(test_boot_information_manifest_and_command_line_follow_each_other),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
