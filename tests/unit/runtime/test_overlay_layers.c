#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "runtime/storage/mount_table.h"
#include "runtime/storage/overlay_layers.h"

#define CONTAINERD "/var/lib/containerd/io.containerd.snapshotter.v1.overlayfs/snapshots/"
#define DOCKER     "/var/lib/docker/overlay2/"

/* The layers as text: committed ones with a '+'. */
static void expect_layers(const char *options, const char *wanted)
{
    cleanup_overlay_layers struct overlay_layers layers = {0};
    cleanup_buffer struct buffer text = {0};
    assert_true(overlay_layers_parse(options, &layers));
    for (size_t i = 0; i < layers.count; i++)
        buffer_format(&text, "%s%s%s", i > 0 ? " " : "", layers.items[i].committed ? "+" : "",
                      layers.items[i].path);
    assert_string_equal(text.data, wanted);
}

static void expect_unknown(const char *options)
{
    struct overlay_layers layers = {0};
    assert_false(overlay_layers_parse(options, &layers));
    assert_null(layers.items);
}

static void layers_of_engines_are_known(void **state)
{
    (void)state;
    expect_layers("rw,lowerdir=" CONTAINERD "2/fs:" CONTAINERD "1/fs,upperdir=" CONTAINERD
                  "9/fs,workdir=" CONTAINERD "9/work,index=off",
                  CONTAINERD "9/fs +" CONTAINERD "2/fs +" CONTAINERD "1/fs");
    expect_layers("rw,lowerdir=" DOCKER "abc-init/diff:" DOCKER "def/diff,upperdir=" DOCKER "abc/diff",
                  DOCKER "abc/diff " DOCKER "abc-init/diff +" DOCKER "def/diff");
    expect_layers("ro,lowerdir=" DOCKER "l/ABCD", "+" DOCKER "l/ABCD");
    expect_layers("rw,lowerdir+=" CONTAINERD "2/fs,lowerdir+=" CONTAINERD "1/fs,upperdir=/up",
                  "/up +" CONTAINERD "2/fs +" CONTAINERD "1/fs");
}

static void escaped_blanks_are_read(void **state)
{
    (void)state;
    expect_layers("rw,lowerdir=" DOCKER "abc/diff,upperdir=/a\\040b", "/a b +" DOCKER "abc/diff");
}

static void directories_that_their_owner_may_change_are_not_trusted(void **state)
{
    (void)state;
    expect_unknown("rw,lowerdir=/home/me/lower,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "abc/diff:/srv,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "abc/diff/sub,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "abc/merged,upperdir=/up");
    expect_unknown("rw,lowerdir=" CONTAINERD "1/work,upperdir=/up");
}

static void what_is_odd_is_not_trusted(void **state)
{
    (void)state;
    expect_unknown("");
    expect_unknown("rw,upperdir=/up");
    expect_unknown("rw,lowerdir=1/fs:2/fs,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "abc/diff,upperdir=up");
    expect_unknown("rw,lowerdir=" DOCKER "abc/diff::" DOCKER "data/diff,upperdir=/up");
    expect_unknown("rw,lowerdir+=" DOCKER "abc/diff,datadir+=/data,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "a\\134:b/diff,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "a\\134/diff,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "a\\0/diff,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "a\\777/diff,upperdir=/up");
    expect_unknown("rw,lowerdir=" DOCKER "/diff,upperdir=/up");
}

static void a_line_of_mountinfo_is_taken_apart(void **state)
{
    (void)state;
    cleanup_mount_line struct mount_line mount = {0};
    assert_true(
        mount_line_parse("36 35 98:7 / /mnt rw,noatime master:1 shared:2 - ext3 /dev/root rw,a=b\n", &mount));
    assert_int_equal(mount.id, 36);
    assert_int_equal(mount.device, (98 << 8) | 7);
    assert_string_equal(mount.root, "/");
    assert_string_equal(mount.type, "ext3");
    assert_string_equal(mount.source, "/dev/root");
    assert_string_equal(mount.options, "rw,a=b");
}

static void lines_that_are_none_are_refused(void **state)
{
    (void)state;
    static const char *const lines[] = {"",
                                        "36",
                                        "36 35 98:7 / /mnt rw",
                                        "36 35 98:7 / /mnt rw -",
                                        "36 35 98:7 / /mnt rw - ext3",
                                        "36 35 98:7 / /mnt rw - ext3 none",
                                        "36 35 x / /mnt rw - ext3 none rw"};
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
        struct mount_line mount = {0};
        assert_false(mount_line_parse(lines[i], &mount));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(layers_of_engines_are_known),
        cmocka_unit_test(escaped_blanks_are_read),
        cmocka_unit_test(directories_that_their_owner_may_change_are_not_trusted),
        cmocka_unit_test(what_is_odd_is_not_trusted),
        cmocka_unit_test(a_line_of_mountinfo_is_taken_apart),
        cmocka_unit_test(lines_that_are_none_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
