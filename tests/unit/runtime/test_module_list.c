#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "formats/base/cleanup.h"
#include "runtime/storage/module_list.h"

static const char text[] = "kernel/fs/ext4/ext4.ko: kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko\n"
                           "kernel/fs/mbcache.ko:\n"
                           "kernel/fs/jbd2/jbd2.ko:\n"
                           "kernel/drivers/virtio/virtio-pci.ko.zst: kernel/drivers/virtio/ring.ko\n"
                           "no colon\n"
                           "../../etc/shadow.ko:\n"
                           "/etc/passwd.ko:\n"
                           ":\n"
                           "kernel/lost.ko: kernel/missing.ko ../../etc/shadow.ko\n";

static void expect_chosen(const char *name, const char *wanted)
{
    cleanup_module_list struct module_list list = {0};
    cleanup_strings struct strings paths = {0};
    cleanup_buffer struct buffer joined = {0};
    module_list_parse(text, &list);
    module_list_choose(&list, name, &paths);
    for (size_t i = 0; i < paths.count; i++)
        buffer_format(&joined, "%s%s", i > 0 ? " " : "", paths.items[i]);
    cleanup_free char *found = buffer_take(&joined);
    assert_string_equal(found, wanted);
}

static void what_a_module_needs_comes_first(void **state)
{
    (void)state;
    expect_chosen("ext4", "kernel/fs/jbd2/jbd2.ko kernel/fs/mbcache.ko kernel/fs/ext4/ext4.ko");
}

static void dashes_and_suffixes_make_no_difference(void **state)
{
    (void)state;
    expect_chosen("virtio_pci", "kernel/drivers/virtio/virtio-pci.ko.zst");
    expect_chosen("virtio-pci", "kernel/drivers/virtio/virtio-pci.ko.zst");
}

static void nothing_is_chosen_that_the_list_does_not_hold(void **state)
{
    (void)state;
    expect_chosen("btrfs", "");
    expect_chosen("", "");
    expect_chosen("lost", "kernel/lost.ko");
}

static void a_path_that_leads_elsewhere_is_no_module(void **state)
{
    (void)state;
    cleanup_module_list struct module_list list = {0};
    module_list_parse(text, &list);
    assert_null(module_list_find(&list, "shadow"));
    assert_null(module_list_find(&list, "passwd"));
    assert_int_equal(list.count, 5);
}

static void a_line_is_printed_as_it_was(void **state)
{
    (void)state;
    cleanup_module_list struct module_list list = {0};
    cleanup_buffer struct buffer line = {0};
    module_list_parse(text, &list);
    module_list_print(&list, "kernel/fs/ext4/ext4.ko", &line);
    module_list_print(&list, "kernel/none.ko", &line);
    assert_string_equal(line.data, "kernel/fs/ext4/ext4.ko: kernel/fs/mbcache.ko kernel/fs/jbd2/jbd2.ko\n");
}

/* The last of many modules with long names needs all of them. */
static void a_list_that_is_made_to_stall_is_given_up(void **state)
{
    (void)state;
    enum { LINES = 1000, LAST = LINES - 1 };
    char directory[1000];
    cleanup_buffer struct buffer lines = {0};
    cleanup_strings struct strings paths = {0};
    cleanup_module_list struct module_list list = {0};
    memset(directory, 'd', sizeof directory - 1);
    directory[sizeof directory - 1] = '\0';
    for (int i = 0; i < LINES; i++)
        buffer_format(&lines, "%d/%s/m%d.ko:%s", i, directory, i, i < LAST ? "\n" : "");
    for (int i = 0; i < LINES; i++)
        buffer_format(&lines, " %d/%s/m%d.ko", i, directory, i);
    module_list_parse(lines.data, &list);
    module_list_choose(&list, "m999", &paths);
    assert_true(list.work > MODULE_LIST_WORK_MAX);
    assert_in_range(paths.count, 1, LINES - 1);
    assert_null(module_list_find(&list, "m1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_a_module_needs_comes_first),
        cmocka_unit_test(dashes_and_suffixes_make_no_difference),
        cmocka_unit_test(nothing_is_chosen_that_the_list_does_not_hold),
        cmocka_unit_test(a_path_that_leads_elsewhere_is_no_module),
        cmocka_unit_test(a_line_is_printed_as_it_was),
        cmocka_unit_test(a_list_that_is_made_to_stall_is_given_up),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
