/* The files that a Linux guest gets beside its command line: what urunc's init reads of them again, urunit's
 * file, and copies of mounts. */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

/* Pure, and compiled for the guest otherwise. */
#include "runtime/init/cmdline.c"
#include "runtime/init/settings.c"

struct packed {
    struct fixture *fixture;
    struct guest_pack pack;
    char *bytes; /* of the settings */
    struct cmdline cmdline;
};

static int packed_setup(void **state)
{
    struct packed *packed = calloc(1, sizeof *packed);
    void *fixture = NULL;
    fixture_setup(&fixture);
    packed->fixture = fixture;
    packed->pack.archive = inode_new(S_IFDIR | 0755);
    *state = packed;
    return 0;
}

static int packed_teardown(void **state)
{
    struct packed *packed = *state;
    void *fixture = packed->fixture;
    inode_unref(packed->pack.archive);
    buffer_free(&packed->pack.alone);
    free(packed->cmdline.args.items);
    free(packed->cmdline.env.items);
    free(packed->cmdline.mounts);
    free(packed->cmdline.nodes);
    free(packed->bytes);
    free(packed);
    return fixture_teardown(&fixture);
}

static int try_pack(struct packed *packed)
{
    error_clear(&packed->fixture->error);
    return guest_find(FRAMEWORK_LINUX)->pack(&packed->fixture->input, &packed->pack, &packed->fixture->error);
}

static void pack(struct packed *packed)
{
    if (try_pack(packed) < 0)
        fail_msg("%s", packed->fixture->error.message);
}

static void assert_pack_refused(struct packed *packed, const char *text)
{
    assert_int_equal(try_pack(packed), -1);
    assert_string_equal(packed->fixture->error.message, text);
}

static struct inode *file_at(const struct packed *packed, const char *directory, const char *name)
{
    struct inode *above = tree_child(packed->pack.archive, directory);
    return above != NULL ? tree_child(above, name) : NULL;
}

/* As urunc's init does. */
static void read_settings(struct packed *packed)
{
    const struct content *content = file_at(packed, ".urunc", "settings")->content;
    size_t size = content_size(content);
    packed->bytes = xcalloc(size + 1, 1);
    memcpy(packed->bytes, content_memory(content), size);
    settings_parse(packed->bytes, size, &packed->cmdline);
}

static void urunc_init_gets_everything_byte_for_byte(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    static const uint32_t groups[] = {5, 4000000000};
    SET_ARGS(fixture, "/urunc-init", "sh", "-c", "echo 'a  b' \"c\" $K\n\texit 7", "", "--", "it's", "100%20",
             "\xc2\xa0");
    strings_add(&fixture->env, "K=two words \"quoted\" 50% 'single' new\nline");
    strings_add(&fixture->env, "quiet=x");
    strings_add(&fixture->env, "EMPTY=");
    fixture->input.has_initrd = true;
    fixture->input.hostname = "b\"ox";
    fixture->input.cwd = "/a dir/b";
    fixture->input.uid = 33;
    fixture->input.gid = 34;
    fixture->input.additional_gids = groups;
    fixture->input.additional_gid_count = 2;
    pack(packed);
    read_settings(packed);
    const struct cmdline *seen = &packed->cmdline;
    assert_int_equal(seen->args.count, fixture->args.count - 1);
    for (size_t i = 0; i < seen->args.count; i++)
        assert_string_equal(seen->args.items[i], fixture->args.items[i + 1]);
    assert_int_equal(seen->env.count, fixture->env.count);
    for (size_t i = 0; i < seen->env.count; i++)
        assert_string_equal(seen->env.items[i], fixture->env.items[i]);
    assert_true(seen->has_user && !seen->user_is_malformed);
    assert_int_equal(seen->uid, 33);
    assert_int_equal(seen->gid, 34);
    assert_int_equal(seen->group_count, 2);
    assert_int_equal(seen->groups[1], 4000000000);
    assert_string_equal(seen->cwd, "/a dir/b");
    assert_string_equal(seen->hostname, "b\"ox");
}

static void the_pack_has_the_init_and_is_roots_alone(void **state)
{
    struct packed *packed = *state;
    SET_ARGS(packed->fixture, "/urunc-init", "app");
    pack(packed);
    const struct inode *init = file_at(packed, ".urunc", "urunc-init"),
                       *settings = file_at(packed, ".urunc", "settings");
    assert_int_equal(tree_child(packed->pack.archive, ".urunc")->mode, S_IFDIR | 0700);
    assert_int_equal(init->mode, S_IFREG | 0700);
    assert_int_equal(settings->mode, S_IFREG | 0600);
    assert_memory_equal(content_memory(init->content), "\177ELF", 4);
    assert_null(file_at(packed, ".urunc", "trees"));
    assert_int_equal(packed->pack.alone.length, 0);
}

static void two_hundred_kilobytes_of_environment_fit(void **state)
{
    struct packed *packed = *state;
    SET_ARGS(packed->fixture, "/urunc-init", "app");
    for (int i = 0; i < 4000; i++)
        strings_format(&packed->fixture->env, "SERVICE_%04d_PORT_8080_TCP=tcp://10.96.128.%d:8080", i,
                       i % 256);
    pack(packed);
    read_settings(packed);
    assert_int_equal(packed->cmdline.env.count, 4000);
    assert_string_equal(packed->cmdline.env.items[3999], packed->fixture->env.items[3999]);
}

static void the_text_of_an_annotation_is_the_inits_to_split(void **state)
{
    struct packed *packed = *state;
    packed->fixture->input.cmdline = "/urunc-init sh -c 'echo  a'";
    packed->fixture->input.args = &packed->fixture->args;
    pack(packed);
    read_settings(packed);
    assert_int_equal(packed->cmdline.args.count, 3);
    assert_string_equal(packed->cmdline.args.items[2], "echo  a");
}

static void a_disk_beside_the_root_and_the_bundles_mounts_keep_their_order(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    cleanup_inode struct inode *file = inode_new(S_IFREG | 0644), *directory = inode_new(S_IFDIR | 0755);
    const struct guest_mount mounts[] = {
        {.way = MOUNT_WAY_TMPFS, .destination = "/dev/shm", .options = "context=x,size=64m,mode=1777,huge=y"},
        {.way = MOUNT_WAY_ARCHIVE, .destination = "/etc/hosts", .tree = file, .optional = true},
        {.way = MOUNT_WAY_ARCHIVE,
         .destination = "/a:b",
         .tree = directory,
         .readonly = true,
         .noexec = true},
        {.way = MOUNT_WAY_DISK, .destination = "/volume", .place = 2, .readonly = true},
    };
    SET_ARGS(fixture, "/urunc-init", "app");
    fixture->input.has_initrd = true;
    fixture->input.has_block = true;
    fixture->input.block_mount_point = "/data";
    fixture->input.mounts = mounts;
    fixture->input.mount_count = 4;
    pack(packed);
    read_settings(packed);
    static const struct mount_setting expected[] = {
        {(char *)"disk", (char *)"/dev/vda", (char *)"", (char *)"/data"},
        {(char *)"tmpfs", (char *)"size=64m,mode=1777", (char *)"", (char *)"/dev/shm"},
        {(char *)"tree", (char *)"0", (char *)"o", (char *)"/etc/hosts"},
        {(char *)"tree", (char *)"1", (char *)"rx", (char *)"/a:b"},
        {(char *)"disk", (char *)"/dev/vdc", (char *)"r", (char *)"/volume"},
    };
    assert_int_equal(packed->cmdline.mount_count, 5);
    for (size_t i = 0; i < 5; i++) {
        assert_string_equal(packed->cmdline.mounts[i].kind, expected[i].kind);
        assert_string_equal(packed->cmdline.mounts[i].source, expected[i].source);
        assert_string_equal(packed->cmdline.mounts[i].flags, expected[i].flags);
        assert_string_equal(packed->cmdline.mounts[i].directory, expected[i].directory);
    }
    const struct inode *trees = file_at(packed, ".urunc", "trees");
    assert_ptr_equal(tree_child(trees, "0"), file);
    assert_ptr_equal(tree_child(trees, "1"), directory);
}

static void a_device_is_told_by_its_disk_and_its_node(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    const struct guest_mount node = {
        .way = MOUNT_WAY_NODE, .destination = "/dev/a:b", .place = 3, .mode = 0640, .uid = 33, .gid = 6};
    SET_ARGS(fixture, "/urunc-init", "app");
    fixture->input.has_initrd = true;
    fixture->input.mounts = &node;
    fixture->input.mount_count = 1;
    pack(packed);
    read_settings(packed);
    const struct cmdline *cmdline = &packed->cmdline;
    assert_int_equal(cmdline->mount_count, 0);
    assert_int_equal(cmdline->node_count, 1);
    assert_string_equal(cmdline->nodes[0].device, "/dev/vdd");
    assert_string_equal(cmdline->nodes[0].path, "/dev/a:b");
    assert_int_equal(cmdline->nodes[0].mode, 0640);
    assert_int_equal(cmdline->nodes[0].uid, 33);
    assert_int_equal(cmdline->nodes[0].gid, 6);
}

static void a_share_is_told_by_the_way_it_comes(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    const struct guest_mount mounts[] = {
        {.way = MOUNT_WAY_SHARE, .destination = "/data", .tag = "fs0"},
        {.way = MOUNT_WAY_SHARE, .destination = "/more", .tag = "fs1", .readonly = true},
    };
    SET_ARGS(fixture, "/urunc-init", "app");
    fixture->input.has_initrd = true;
    fixture->input.mounts = mounts;
    fixture->input.mount_count = 2;
    fixture->input.virtiofs = true;
    pack(packed);
    read_settings(packed);
    assert_int_equal(packed->cmdline.mount_count, 2);
    assert_string_equal(packed->cmdline.mounts[0].kind, "virtiofs");
    assert_string_equal(packed->cmdline.mounts[1].kind, "virtiofs");
    assert_string_equal(packed->cmdline.mounts[1].source, "fs1");
    assert_string_equal(packed->cmdline.mounts[1].flags, "r");
}

static void assert_abilities(struct packed *packed, bool archive, bool others)
{
    struct mount_abilities abilities = {0};
    guest_find(FRAMEWORK_LINUX)->abilities(&packed->fixture->input, &abilities);
    assert_int_equal(abilities.archive, archive);
    assert_int_equal(abilities.tmpfs, others);
    assert_int_equal(abilities.disks, others);
}

static void what_a_guest_can_take_depends_on_its_init_and_its_root(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    SET_ARGS(fixture, "/urunc-init", "app");
    assert_abilities(packed, true, true);
    SET_ARGS(fixture, "/bin/app");
    assert_abilities(packed, false, false);
    fixture->input.has_initrd = true;
    assert_abilities(packed, true, false);
    fixture->input.has_block = true; /* it is the root then */
    assert_abilities(packed, false, false);
}

static void copies_for_another_init_stand_where_they_are_mounted(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    cleanup_inode struct inode *file = inode_new(S_IFREG | 0644), *directory = inode_new(S_IFDIR | 0755);
    const struct guest_mount mounts[] = {
        {.way = MOUNT_WAY_ARCHIVE, .destination = "/etc/hosts", .tree = file},
        {.way = MOUNT_WAY_ARCHIVE, .destination = "/etc/app", .tree = directory},
        {.way = MOUNT_WAY_ARCHIVE, .destination = "/etc/app/below/key", .tree = file},
    };
    SET_ARGS(fixture, "/bin/app");
    fixture->input.has_initrd = true;
    fixture->input.mounts = mounts;
    fixture->input.mount_count = 3;
    pack(packed);
    assert_true(packed->pack.merged);
    assert_ptr_equal(file_at(packed, "etc", "hosts"), file);
    assert_ptr_equal(file_at(packed, "etc", "app"), directory);
    assert_ptr_equal(tree_child(tree_child(directory, "below"), "key"), file);
    fixture->input.mounts =
        &(struct guest_mount){.way = MOUNT_WAY_ARCHIVE, .destination = "/etc/hosts/below", .tree = file};
    fixture->input.mount_count = 1;
    assert_pack_refused(packed, "config.json: mounts: /etc/hosts/below: another mount is a file above it");
}

/* ---- urunit ---- */

static void urunit_gets_its_file_in_the_initrd(void **state)
{
    static const char expected[] = "UES\nA=b c\nPATH=/bin\nUEE\nUCS\nUID:33\nGID:34\nWD:/srv\nUCE\n";
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    SET_ARGS(fixture, "/urunit", "app");
    strings_add(&fixture->env, "A=b c");
    strings_add(&fixture->env, "PATH=/bin");
    fixture->input.has_initrd = true;
    fixture->input.uid = 33;
    fixture->input.gid = 34;
    fixture->input.cwd = "/srv";
    pack(packed);
    const struct inode *file = tree_child(packed->pack.archive, "urunit.conf");
    assert_int_equal(content_size(file->content), sizeof expected - 1);
    assert_memory_equal(content_memory(file->content), expected, sizeof expected - 1);
    assert_int_equal(packed->pack.alone.length, 0);
}

static void urunit_on_a_disk_gets_its_file_in_place_of_an_initrd(void **state)
{
    struct packed *packed = *state;
    SET_ARGS(packed->fixture, "/urunit", "app");
    packed->fixture->input.has_block = true;
    pack(packed);
    assert_string_equal(packed->pack.alone.data, "UES\nUEE\nUCS\nUID:0\nGID:0\nWD:/\nUCE\n");
    assert_int_equal(packed->pack.archive->child_count, 0);
}

static void urunit_is_told_its_disks_by_their_serials(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    const struct guest_mount mounts[] = {
        {.way = MOUNT_WAY_DISK, .destination = "/volume", .place = 1},
        {.way = MOUNT_WAY_DISK, .destination = "/other one", .place = 25},
    };
    SET_ARGS(fixture, "/urunit", "app");
    fixture->input.has_block = true;
    fixture->input.disk_serials = true;
    fixture->input.mounts = mounts;
    fixture->input.mount_count = 2;
    pack(packed);
    assert_string_equal(packed->pack.alone.data,
                        "UES\nUEE\nUCS\nUID:0\nGID:0\nWD:/\nUCE\n"
                        "UBS\nID: disk1\nMP: /volume\nID: disk25\nMP: /other one\nUBE\n");
}

static void urunit_takes_the_second_disk_where_disks_have_no_serials(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    struct guest_mount mount = {.way = MOUNT_WAY_DISK, .destination = "/volume", .place = 1};
    SET_ARGS(fixture, "/urunit", "app");
    fixture->input.has_block = true;
    fixture->input.mounts = &mount;
    fixture->input.mount_count = 1;
    pack(packed);
    assert_string_equal(packed->pack.alone.data,
                        "UES\nUEE\nUCS\nUID:0\nGID:0\nWD:/\nUCE\nUBS\nID: FC1\nMP: /volume\nUBE\n");
    mount.place = 2;
    assert_pack_refused(packed, "config.json: mounts: /volume: urunit finds it by a serial, which this "
                                "monitor's disks have not: use urunc-init");
    mount =
        (struct guest_mount){.way = MOUNT_WAY_DISK, .destination = "/volume", .place = 1, .readonly = true};
    assert_pack_refused(packed, "config.json: mounts: /volume: urunit mounts no disk that is read-only: use "
                                "urunc-init");
    mount = (struct guest_mount){.way = MOUNT_WAY_DISK, .destination = "/a\nMP: /etc", .place = 1};
    assert_pack_refused(packed, "config.json: mounts: /a\\x0aMP: /etc: has a newline, which urunit's file "
                                "cannot hold: use urunc-init");
}

static void urunit_mounts_the_block_image_beside_its_initrd(void **state)
{
    static const char expected[] = "UES\nUEE\nUCS\nUID:0\nGID:0\nWD:/\nUCE\nUBS\nID: disk0\nMP: /data\nUBE\n";
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    SET_ARGS(fixture, "/urunit", "app");
    fixture->input.has_initrd = fixture->input.has_block = true;
    fixture->input.block_mount_point = "/data";
    fixture->input.disk_serials = true;
    pack(packed);
    const struct inode *file = tree_child(packed->pack.archive, "urunit.conf");
    assert_int_equal(content_size(file->content), sizeof expected - 1);
    assert_memory_equal(content_memory(file->content), expected, sizeof expected - 1);
}

/* A variable could otherwise say who runs the program. */
static void what_urunits_file_cannot_hold_is_refused(void **state)
{
    struct packed *packed = *state;
    struct fixture *fixture = packed->fixture;
    SET_ARGS(fixture, "/urunit", "app");
    fixture->input.has_initrd = true;
    strings_add(&fixture->env, "A=1\nUEE\nUCS\nUID:0");
    assert_pack_refused(packed,
                        "process.env A=1\\x0aUEE\\x0aUCS\\x0aUID:0: has a newline, which urunit's file "
                        "cannot hold: use urunc-init");
    strings_free(&fixture->env);
    strings_add(&fixture->env, "UEE_MODE=1");
    assert_pack_refused(packed, "process.env UEE_MODE=1: urunit would take it for the end of its list: use "
                                "urunc-init");
    strings_free(&fixture->env);
    fixture->input.cwd = "/a\nUID:0";
    assert_pack_refused(packed,
                        "process.cwd /a\\x0aUID:0: has a newline, which urunit's file cannot hold: use "
                        "urunc-init");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, packed_setup, packed_teardown)
    const struct CMUnitTest tests[] = {
        TEST(urunc_init_gets_everything_byte_for_byte),
        TEST(the_pack_has_the_init_and_is_roots_alone),
        TEST(two_hundred_kilobytes_of_environment_fit),
        TEST(the_text_of_an_annotation_is_the_inits_to_split),
        TEST(a_disk_beside_the_root_and_the_bundles_mounts_keep_their_order),
        TEST(a_device_is_told_by_its_disk_and_its_node),
        TEST(a_share_is_told_by_the_way_it_comes),
        TEST(what_a_guest_can_take_depends_on_its_init_and_its_root),
        TEST(copies_for_another_init_stand_where_they_are_mounted),
        TEST(urunit_gets_its_file_in_the_initrd),
        TEST(urunit_on_a_disk_gets_its_file_in_place_of_an_initrd),
        TEST(urunit_is_told_its_disks_by_their_serials),
        TEST(urunit_takes_the_second_disk_where_disks_have_no_serials),
        TEST(urunit_mounts_the_block_image_beside_its_initrd),
        TEST(what_urunits_file_cannot_hold_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
