/* The annotation `blocks`: disks by name. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/contract/annotations.h"
#include "formats/contract/blocks.h"

static void names_and_paths_are_read_in_order(void **state)
{
    (void)state;
    cleanup_named_blocks struct named_blocks blocks = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(named_blocks_parse("log=/data/log.img,Cache2=/a=b c", &blocks, &error), 0);
    assert_int_equal(blocks.count, 2);
    assert_string_equal(blocks.items[0].name, "log");
    assert_string_equal(blocks.items[0].path, "/data/log.img");
    assert_string_equal(blocks.items[1].name, "Cache2");
    assert_string_equal(blocks.items[1].path, "/a=b c");
}

static void nothing_is_an_empty_list(void **state)
{
    (void)state;
    struct named_blocks blocks;
    cleanup_error struct error error = {0};
    assert_int_equal(named_blocks_parse(NULL, &blocks, &error), 0);
    assert_int_equal(blocks.count, 0);
    assert_int_equal(named_blocks_parse("", &blocks, &error), 0);
    assert_int_equal(blocks.count, 0);
}

static void what_is_not_such_a_list_is_refused(void **state)
{
    static const struct {
        const char *text;
        const char *message;
    } cases[] = {
        {"/disk", "must be NAME=PATH,..., with names of 1 to 67 letters and digits"},
        {"=/disk", "must be NAME=PATH,..., with names of 1 to 67 letters and digits"},
        {"a-b=/disk", "must be NAME=PATH,..., with names of 1 to 67 letters and digits"},
        {",a=/disk", "must be NAME=PATH,..., with names of 1 to 67 letters and digits"},
        {"a=/x,,b=/y", "must be NAME=PATH,..., with names of 1 to 67 letters and digits"},
        {"a=/x,", "must not end with a comma"},
        {"a=/x,b=/y,a=/z", "must not name a twice"},
        {"a=", "the path of a: must be an absolute path"},
        {"a=disk", "the path of a: must be an absolute path"},
        {"a=/x,b=/../y", "the path of b: must be a path without \"..\""},
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct named_blocks blocks;
        cleanup_error struct error error = {0};
        assert_int_equal(named_blocks_parse(cases[i].text, &blocks, &error), -1);
        assert_string_equal(error.message, cases[i].message);
        assert_int_equal(blocks.count, 0);
        assert_null(blocks.items);
    }
}

static void a_guest_has_63_disks_at_most(void **state)
{
    (void)state;
    struct named_blocks blocks;
    cleanup_buffer struct buffer text = {0};
    cleanup_error struct error error = {0};
    for (int i = 0; i < 63; i++)
        buffer_format(&text, "%sd%d=/d", i > 0 ? "," : "", i);
    assert_int_equal(named_blocks_parse(text.data, &blocks, &error), 0);
    assert_int_equal(blocks.count, 63);
    named_blocks_free(&blocks);
    buffer_add_string(&text, ",more=/d");
    assert_int_equal(named_blocks_parse(text.data, &blocks, &error), -1);
    assert_string_equal(error.message, "must not name more than 63 disks");
}

static void each_name_is_a_block_device_of_the_manifest(void **state)
{
    (void)state;
    cleanup_error struct error error = {0};
    struct kernel_probe kernel = {.formats = KERNEL_ELF | KERNEL_SOLO5, .solo5_device_count = 2};
    strcpy(kernel.solo5_devices[0].name, "log");
    kernel.solo5_devices[0].is_block = true;
    strcpy(kernel.solo5_devices[1].name, "service");
    assert_int_equal(named_blocks_check("log=/x", &kernel, &error), 0);
    assert_int_equal(named_blocks_check("service=/x", &kernel, &error), -1);
    assert_string_equal(error.message,
                        "service: the kernel's manifest declares no block device of that name");
    error_clear(&error);
    kernel.formats = KERNEL_ELF;
    assert_int_equal(named_blocks_check("log=/x", &kernel, &error), -1);
    assert_string_equal(error.message, "only kernels of Solo5 know their disks by name");
    error_clear(&error);
    assert_int_equal(named_blocks_check(NULL, &kernel, &error), 0);
}

static void memory_is_a_number_of_mebibytes(void **state)
{
    static const char *const wrong[] = {"",   "0",  "01",       "-1",         "+5",
                                        " 5", "5M", "16777217", "4294967297", "1e3"};
    (void)state;
    assert_int_equal(annotation_memory("1"), 1);
    assert_int_equal(annotation_memory("512"), 512);
    assert_int_equal(annotation_memory("16777216"), 16777216);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(annotation_memory(wrong[i]), 0);
    cleanup_error struct error error = {0};
    assert_int_equal(annotation_check(annotation_find(KEY_MEMORY), "5M", &error), -1);
    assert_string_equal(error.message,
                        "com.urunc.unikernel.memory: \"5M\": must be a number of MiB from 1 to 16777216");
}

static void a_sector_is_a_power_of_two(void **state)
{
    static const char *const wrong[] = {"",      "0",  "256",  "513",  "1536",
                                        "65536", "4k", "0512", "-512", "99999"};
    (void)state;
    assert_int_equal(annotation_sector_size("512"), 512);
    assert_int_equal(annotation_sector_size("4096"), 4096);
    assert_int_equal(annotation_sector_size("32768"), 32768);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
        assert_int_equal(annotation_sector_size(wrong[i]), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_and_paths_are_read_in_order),
        cmocka_unit_test(nothing_is_an_empty_list),
        cmocka_unit_test(what_is_not_such_a_list_is_refused),
        cmocka_unit_test(a_guest_has_63_disks_at_most),
        cmocka_unit_test(each_name_is_a_block_device_of_the_manifest),
        cmocka_unit_test(memory_is_a_number_of_mebibytes),
        cmocka_unit_test(a_sector_is_a_power_of_two),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
