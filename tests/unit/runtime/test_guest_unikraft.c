/* The command line of a Unikraft guest: both conventions, the eras of its parameters, and what a guest reads.
 */
#include "tests/unit/fixtures/guest_fixture.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "tests/unit/fixtures/random_text.h"
#include "tests/unit/fixtures/unikraft_reader.h"

#define KERNEL "/guest/kernel"

/* ---- conventions ---- */

static void every_argument_is_the_programs(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "-c", "/nginx/conf/nginx.conf");
    strings_add(&fixture->env, "PATH=/bin");
    strings_add(&fixture->env, "K=two words");
    fixture->input.network = &fixture->network;
    fixture->input.has_initrd = true;
    fixture->input.version = "0.17.0";
    assert_plan(
        fixture, FRAMEWORK_UNIKRAFT,
        "Unikraft netdev.ip=10.88.0.5/16:10.88.0.1:10.88.0.53 vfs.fstab=[ \"initrd0:/:extract::ramfs=2:\" ] "
        "env.vars=[ \"PATH=/bin\" \"K=two words\" ] -- -c /nginx/conf/nginx.conf");
}

static void an_image_with_the_cmdline_annotation_names_its_program_first(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "nginx", "-c", "/nginx.conf");
    fixture->input.older_tools = true;
    fixture->input.has_initrd = true;
    assert_plan(fixture, FRAMEWORK_UNIKRAFT,
                "nginx vfs.fstab=[ \"initrd0:/:extract::ramfs=2:\" ] -- -c /nginx.conf");
}

static void the_cmdline_annotation_is_used_as_it_is(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.older_tools = true;
    fixture->input.cmdline = "nginx -c '/a b'  -monitor stdio";
    fixture->input.has_initrd = true;
    assert_plan(fixture, FRAMEWORK_UNIKRAFT,
                "nginx vfs.fstab=[ \"initrd0:/:extract::ramfs=2:\" ] -- -c '/a b'  -monitor stdio");
}

static void the_cmdline_of_newer_tools_is_all_the_programs(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.cmdline = "-c /nginx.conf";
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "Unikraft env.vars=[ ] -- -c /nginx.conf");
}

static void an_image_without_a_command_is_fine(void **state)
{
    struct fixture *fixture = *state;
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "Unikraft env.vars=[ ] --");
    assert_int_equal(fixture->boot.quirks, BOOT_QUIRK_EXIT_PORT | BOOT_QUIRK_OLD_PC);
    assert_int_equal(fixture->boot.exit, BOOT_EXIT_MARK);
    fixture->input.older_tools = true;
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "Unikraft env.vars=[ ] --");
    fixture->input.cmdline = "  ";
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "Unikraft env.vars=[ ] --");
}

static void a_program_that_the_kernel_would_take_for_a_parameter_is_refused(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.older_tools = true;
    static const char *const names[] = {"help", "--", "-V", "vfs.fstab=x", "a=b"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        SET_ARGS(fixture, names[i]);
        assert_int_equal(plan(fixture, FRAMEWORK_UNIKRAFT), -1);
        assert_non_null(strstr(fixture->error.message, "process.args[0]: Unikraft would take"));
    }
    fixture->input.cmdline = "env.vars=[ x";
    assert_refused(
        fixture, FRAMEWORK_UNIKRAFT,
        "the cmdline annotation: Unikraft would take env.vars=[ for a parameter of its own, not for "
        "the program");
}

/* ---- eras ---- */

static void each_era_has_its_names(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "x");
    strings_add(&fixture->env, "K=V");
    fixture->input.network = &fixture->network;
    fixture->input.has_initrd = true;
    static const struct {
        const char *version;
        const char *line;
    } cases[] = {
        {"0.12.0", "Unikraft netdev.ipv4_addr=10.88.0.5 netdev.ipv4_gw_addr=10.88.0.1 "
                   "netdev.ipv4_subnet_mask=255.255.0.0 vfs.rootfs=initrd -- x"},
        {"0.13.1", "Unikraft netdev.ipv4_addr=10.88.0.5 netdev.ipv4_gw_addr=10.88.0.1 "
                   "netdev.ipv4_subnet_mask=255.255.0.0 vfs.rootfs=initrd env.vars=[ \"K=V\" ] -- x"},
        {"0.15.0", "Unikraft netdev.ipv4_addr=10.88.0.5 netdev.ipv4_gw_addr=10.88.0.1 "
                   "netdev.ipv4_subnet_mask=255.255.0.0 vfs.rootfs=initrd env.vars=[ \"K=V\" ] -- x"},
        {"0.16.0", "Unikraft netdev.ipv4_addr=10.88.0.5 netdev.ipv4_gw_addr=10.88.0.1 "
                   "netdev.ipv4_subnet_mask=255.255.0.0 netdev.ipv4_dns0_addr=10.88.0.53 vfs.rootfs=initrd "
                   "env.vars=[ \"K=V\" ] -- x"},
        {"0.16.1",
         "Unikraft netdev.ip=10.88.0.5/16:10.88.0.1:10.88.0.53 vfs.fstab=[ \"initrd0:/:extract:::\" ] "
         "env.vars=[ \"K=V\" ] -- x"},
        {"0.16.2", "Unikraft netdev.ip=10.88.0.5/16:10.88.0.1:10.88.0.53 vfs.fstab=[ "
                   "\"initrd0:/:extract::ramfs=2:\" ] env.vars=[ \"K=V\" ] -- x"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture->input.version = cases[i].version;
        assert_plan(fixture, FRAMEWORK_UNIKRAFT, cases[i].line);
    }
}

static void versions_compare_as_numbers(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_initrd = true;
    static const char current[] = "Unikraft vfs.fstab=[ \"initrd0:/:extract::ramfs=2:\" ] --";
    static const char first[] = "Unikraft vfs.fstab=[ \"initrd0:/:extract:::\" ] --";
    static const char old[] = "Unikraft vfs.rootfs=initrd --";
    static const struct {
        const char *version;
        const char *line;
    } cases[] = {
        {NULL, current},
        {"0.16.2", current},
        {"0.16.10", current},
        {"0.100", current},
        {"1", current},
        {"v0.17.0", current},
        {"", current},
        {"0.16.2-rc1", current},
        {"pandora", current},
        {"0.16.1", first},
        {"v0.16.1-5", first},
        {"0.16.0", old},
        {"0.16", old},
        {"v0.15", old},
        {"0.16.0-5", old},
        {"0.13.99", old},
        {"0.9.9", old},
        {"0", old},
        {"99999999999999999999", current},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture->input.version = cases[i].version;
        assert_plan(fixture, FRAMEWORK_UNIKRAFT, cases[i].line);
    }
}

static void an_address_without_gateway_or_nameserver_has_no_empty_ends(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.network = &fixture->network;
    fixture->network.dns[0] = '\0';
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "Unikraft netdev.ip=10.88.0.5/16:10.88.0.1 --");
    fixture->network.gateway[0] = '\0';
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "Unikraft netdev.ip=10.88.0.5/16 --");
    strcpy(fixture->network.dns, "10.88.0.53");
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "Unikraft netdev.ip=10.88.0.5/16::10.88.0.53 --");
}

/* ---- storage ---- */

static void a_share_is_the_root_in_every_era(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_share = true;
    static const struct {
        const char *version;
        const char *line;
    } cases[] = {
        {"0.12.0", "Unikraft vfs.rootfs=9pfs vfs.rootdev=fs0 --"},
        {NULL, "Unikraft vfs.fstab=[ \"fs0:/:9pfs:::\" ] --"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        fixture->input.version = cases[i].version;
        assert_plan(fixture, FRAMEWORK_UNIKRAFT, cases[i].line);
    }
    fixture->input.has_initrd = true;
    assert_refused(fixture, FRAMEWORK_UNIKRAFT,
                   "mountRootfs: a Unikraft guest has one root file system, and the image has an initrd");
}

static void a_disk_is_the_programs_own_and_has_no_mount_point(void **state)
{
    struct fixture *fixture = *state;
    fixture->input.has_block = true;
    assert_plan(fixture, FRAMEWORK_UNIKRAFT, "Unikraft env.vars=[ ] --");
    fixture->input.block_mount_point = "/data";
    assert_refused(fixture, FRAMEWORK_UNIKRAFT,
                   "blkMntPoint /data: Unikraft has no file system for disks: leave it out, and the program "
                   "finds the disk itself");
}

/* ---- what the guest reads ---- */

/* Environment: those that end with "]" come last. */
static void assert_environment(const struct strings *seen, const struct strings *wanted)
{
    assert_int_equal(seen->count, wanted->count);
    for (size_t i = 0; i < wanted->count; i++)
        assert_true(strings_contain(seen, wanted->items[i]));
}

static void assert_read(struct fixture *fixture, const char *kernel, bool old)
{
    struct unikraft_seen seen;
    unikraft_read(kernel, fixture->boot.command_line, old, &seen);
    assert_false(seen.halted);
    assert_string_equal(string_at(&seen.argv, 0), kernel != NULL ? kernel : "Unikraft");
    assert_strings(&seen.argv, 1, &fixture->args);
    if (!old)
        assert_environment(&seen.environment, &fixture->env);
    unikraft_seen_free(&seen);
}

static void arguments_reach_the_guest_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "a b", "it's", "say \"hi\"", "back\\slash", "tab\there", "line\nbreak", "'", "--",
             "help", "[", "]", "env.vars=[", "plain", "\xc3\xa9t\xc3\xa9", "\\", "\"", " ", "-V");
    strings_add(&fixture->env, "Q=a\"b\\c d'e");
    strings_add(&fixture->env, "LIST=[a b]");
    strings_add(&fixture->env, "--=[");
    strings_add(&fixture->env, "]=x");
    assert_int_equal(plan(fixture, FRAMEWORK_UNIKRAFT), 0);
    assert_read(fixture, KERNEL, false);
    assert_read(fixture, NULL, false);
    fixture->input.version = "0.12.0";
    assert_int_equal(plan(fixture, FRAMEWORK_UNIKRAFT), 0);
    assert_read(fixture, KERNEL, true);
}

static void random_arguments_reach_the_guest_byte_for_byte(void **state)
{
    struct fixture *fixture = *state;
    uint64_t seed = 1;
    static const char *const versions[] = {"0.12.0", "0.13.1", "0.15.0", "0.17.0"};
    for (size_t round = 0; round < 20000; round++) {
        strings_free(&fixture->args);
        strings_free(&fixture->env);
        for (size_t i = random_next(&seed) % 6; i > 0; i--)
            strings_add_owned(&fixture->args, random_text(&seed, random_alphabet, RANDOM_PIECES, 12));
        for (size_t i = random_next(&seed) % 5; i > 0; i--) {
            char *value = random_text(&seed, random_alphabet, RANDOM_PIECES, 8);
            strings_format(&fixture->env, "V%zu=%s", i, value);
            free(value);
        }
        fixture->input.network = round % 2 == 0 ? &fixture->network : NULL;
        fixture->input.has_initrd = round % 3 == 0;
        fixture->input.version = versions[round % 4];
        assert_int_equal(plan(fixture, FRAMEWORK_UNIKRAFT), 0);
        assert_read(fixture, KERNEL, round % 4 == 0);
        if (round % 4 != 0)
            assert_read(fixture, NULL, false);
    }
}

static void the_parameters_are_read_as_they_were_meant(void **state)
{
    struct fixture *fixture = *state;
    struct unikraft_seen seen;
    SET_ARGS(fixture, "x");
    strings_add(&fixture->env, "K=V");
    fixture->input.network = &fixture->network;
    fixture->input.has_share = true;
    assert_int_equal(plan(fixture, FRAMEWORK_UNIKRAFT), 0);
    unikraft_read(KERNEL, fixture->boot.command_line, false, &seen);
    assert_int_equal(seen.parameters.count, 2);
    assert_string_equal(seen.parameters.items[0], "netdev.ip=10.88.0.5/16:10.88.0.1:10.88.0.53");
    assert_string_equal(seen.parameters.items[1], "vfs.fstab=fs0:/:9pfs:::");
    unikraft_seen_free(&seen);
}

/* ---- what cannot be carried ---- */

static void empty_arguments_are_refused(void **state)
{
    struct fixture *fixture = *state;
    SET_ARGS(fixture, "app", "x", "");
    assert_refused(fixture, FRAMEWORK_UNIKRAFT,
                   "process.args[2] is empty: a Unikraft command line cannot carry that");
    fixture->input.older_tools = true;
    SET_ARGS(fixture, "", "x");
    assert_refused(fixture, FRAMEWORK_UNIKRAFT,
                   "process.args[0] is empty: a Unikraft command line cannot carry that");
}

static void a_variable_in_brackets_is_refused(void **state)
{
    struct fixture *fixture = *state;
    strings_add(&fixture->env, "[x=1]");
    assert_refused(
        fixture, FRAMEWORK_UNIKRAFT,
        "process.env [x=1]: a variable from \"[\" to \"]\" cannot stand on a Unikraft command line");
}

static void more_words_than_the_kernel_has_room_for_are_refused(void **state)
{
    struct fixture *fixture = *state;
    /* With "Unikraft", "env.vars=[", "]" and "--". */
    for (size_t i = 0; i < 54; i++)
        strings_add(&fixture->args, "two words");
    assert_int_equal(plan(fixture, FRAMEWORK_UNIKRAFT), 0);
    assert_read(fixture, KERNEL, false);
    strings_add(&fixture->args, "x");
    assert_refused(fixture, FRAMEWORK_UNIKRAFT,
                   "the Unikraft command line has 59 words and the kernel takes 58: shorten the environment "
                   "(process.env) or the arguments (process.args)");
}

static void a_very_long_argument_is_one_word(void **state)
{
    struct fixture *fixture = *state;
    size_t length = 100000;
    char *text = malloc(length + 1);
    memset(text, '\'', length);
    text[length] = '\0';
    strings_add_owned(&fixture->args, text);
    assert_int_equal(plan(fixture, FRAMEWORK_UNIKRAFT), 0);
    assert_read(fixture, KERNEL, false);
}

static void an_initrd_gets_the_mounts_in_one_archive_and_nothing_else_does(void **state)
{
    struct fixture *fixture = *state;
    const struct guest *guest = guest_find(FRAMEWORK_UNIKRAFT);
    struct mount_abilities abilities = {0};
    guest->abilities(&fixture->input, &abilities);
    assert_false(abilities.archive || abilities.tmpfs || abilities.disks);
    fixture->input.has_initrd = true;
    guest->abilities(&fixture->input, &abilities);
    assert_true(abilities.archive && !abilities.tmpfs && !abilities.disks);
    struct inode *file = inode_new(S_IFREG | 0644);
    struct guest_pack pack = {.archive = inode_new(S_IFDIR | 0755)};
    fixture->input.mounts =
        &(struct guest_mount){.way = MOUNT_WAY_ARCHIVE, .destination = "/etc/hosts", .tree = file};
    fixture->input.mount_count = 1;
    assert_int_equal(guest->pack(&fixture->input, &pack, &fixture->error), 0);
    assert_true(pack.merged && pack.needs_merging);
    assert_ptr_equal(tree_child(tree_child(pack.archive, "etc"), "hosts"), file);
    inode_unref(pack.archive);
    inode_unref(file);
}

/* As the kubelet writes a ConfigMap. */
static void symlinks_are_files_for_releases_that_know_none(void **state)
{
    struct fixture *fixture = *state;
    const struct guest *guest = guest_find(FRAMEWORK_UNIKRAFT);
    static const struct {
        const char *version;
        mode_t type;
    } releases[] = {
        {"0.12.0", S_IFREG}, {"0.13.1", S_IFREG}, {"0.14.0", S_IFLNK}, {"0.17.0", S_IFLNK}, {NULL, S_IFLNK}};
    cleanup_inode struct inode *tree = inode_new(S_IFDIR | 0755), *file = inode_new(S_IFREG | 0644);
    cleanup_inode struct inode *link = inode_new(S_IFLNK | 0777);
    link->target = xstrdup("file");
    tree_put(tree, "file", file);
    tree_put(tree, "link", link);
    fixture->input.has_initrd = true;
    fixture->input.mounts =
        &(struct guest_mount){.way = MOUNT_WAY_ARCHIVE, .destination = "/config", .tree = tree};
    fixture->input.mount_count = 1;
    for (size_t i = 0; i < sizeof releases / sizeof *releases; i++) {
        struct guest_pack pack = {.archive = inode_new(S_IFDIR | 0755)};
        fixture->input.version = releases[i].version;
        assert_int_equal(guest->pack(&fixture->input, &pack, &fixture->error), 0);
        const struct inode *found = tree_child(tree_child(pack.archive, "config"), "link");
        assert_int_equal(found->mode & S_IFMT, releases[i].type);
        inode_unref(pack.archive);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        guest_test(every_argument_is_the_programs),
        guest_test(an_image_with_the_cmdline_annotation_names_its_program_first),
        guest_test(the_cmdline_annotation_is_used_as_it_is),
        guest_test(the_cmdline_of_newer_tools_is_all_the_programs),
        guest_test(an_image_without_a_command_is_fine),
        guest_test(a_program_that_the_kernel_would_take_for_a_parameter_is_refused),
        guest_test(each_era_has_its_names),
        guest_test(versions_compare_as_numbers),
        guest_test(an_address_without_gateway_or_nameserver_has_no_empty_ends),
        guest_test(a_share_is_the_root_in_every_era),
        guest_test(a_disk_is_the_programs_own_and_has_no_mount_point),
        guest_test(arguments_reach_the_guest_byte_for_byte),
        guest_test(random_arguments_reach_the_guest_byte_for_byte),
        guest_test(the_parameters_are_read_as_they_were_meant),
        guest_test(empty_arguments_are_refused),
        guest_test(a_variable_in_brackets_is_refused),
        guest_test(more_words_than_the_kernel_has_room_for_are_refused),
        guest_test(a_very_long_argument_is_one_word),
        guest_test(an_initrd_gets_the_mounts_in_one_archive_and_nothing_else_does),
        guest_test(symlinks_are_files_for_releases_that_know_none),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
