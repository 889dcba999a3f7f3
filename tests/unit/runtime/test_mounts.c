/* config.json's mounts: reading them, choosing how each reaches the guest, and the trees that are packed. */
#include "runtime/bundle/mounts.h"

#include <fcntl.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "runtime/bundle/mount_tree.h"
#include "runtime/bundle/mount_way.h"
#include "tests/unit/fixtures/temporary.h"

#define cleanup_mounts __attribute__((cleanup(bundle_mounts_free)))

/* Reads a config.json of these mounts; *config owns the texts. */
static int read_mounts(const char *array, json_t **config, struct bundle_mounts *mounts, struct error *error)
{
    cleanup_free char *text = xasprintf("{\"mounts\":%s}", array);
    *config = json_loads(text, 0, NULL);
    assert_non_null(*config);
    return bundle_mounts_read(*config, "/bundle", "config.json", mounts, error);
}

static void assert_refused(const char *array, const char *expected)
{
    cleanup_json json_t *config = NULL;
    cleanup_mounts struct bundle_mounts mounts = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(read_mounts(array, &config, &mounts, &error), -1);
    if (strstr(error.message, expected) == NULL)
        fail_msg("\"%s\" is not in \"%s\"", expected, error.message);
    assert_int_equal(mounts.count, 0);
}

static void a_bundle_without_mounts_has_none(void **state)
{
    (void)state;
    cleanup_json json_t *config = json_object();
    cleanup_mounts struct bundle_mounts mounts = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(bundle_mounts_read(config, "/bundle", "config.json", &mounts, &error), 0);
    assert_int_equal(mounts.count, 0);
    assert_null(bundle_mounts_find(&mounts, "/etc/hosts"));
}

static void options_become_what_they_mean(void **state)
{
    (void)state;
    cleanup_json json_t *config = NULL;
    cleanup_mounts struct bundle_mounts mounts = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(read_mounts("[{\"destination\":\"//a/./b/\",\"source\":\"files\",\"type\":\"none\","
                                 "\"options\":[\"rbind\",\"ro\",\"rprivate\",\"noexec\",\"idmap\"]},"
                                 "{\"destination\":\"/dev/shm\",\"type\":\"tmpfs\",\"source\":\"shm\","
                                 "\"options\":[\"nosuid\",\"mode=1777\",\"size=64m\",\"ro\",\"rw\"]}]",
                                 &config, &mounts, &error),
                     0);
    const struct bundle_mount *bound = &mounts.items[0], *shm = &mounts.items[1];
    assert_string_equal(bound->destination, "/a/b");
    assert_string_equal(bound->source, "/bundle/files");
    assert_true(bound->bind && bound->recursive && bound->readonly && bound->noexec && bound->id_mapped);
    assert_null(bound->options);
    assert_false(shm->bind || shm->readonly || shm->noexec || shm->id_mapped);
    assert_string_equal(shm->options, "mode=1777,size=64m");
    assert_string_equal(shm->source, "shm");
}

static void the_last_mount_at_a_place_is_the_one_that_is_seen(void **state)
{
    (void)state;
    cleanup_json json_t *config = NULL;
    cleanup_mounts struct bundle_mounts mounts = {0};
    cleanup_error struct error error = {0};
    assert_int_equal(read_mounts("[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"/1\"},"
                                 "{\"destination\":\"/a/\",\"type\":\"bind\",\"source\":\"/2\"}]",
                                 &config, &mounts, &error),
                     0);
    assert_string_equal(bundle_mounts_find(&mounts, "/a")->source, "/2");
    assert_true(mounts.items[0].bind);
}

static void what_is_no_mount_is_refused_by_its_place(void **state)
{
    (void)state;
    assert_refused("{}", "config.json: mounts: not an array");
    assert_refused("[7]", "config.json: mounts[0]: not an object");
    assert_refused("[{}]", "config.json: mounts[0].destination: missing");
    assert_refused("[{\"destination\":7}]", "config.json: mounts[0].destination: not a string");
    assert_refused("[{\"destination\":\"a\"}]", "mounts[0].destination: \"a\" is not an absolute path");
    assert_refused("[{\"destination\":\"/a/../b\"}]", "mounts[0].destination: \"/a/../b\" has a \"..\"");
    assert_refused("[{\"destination\":\"/.\"}]", "mounts[0].destination: \"/.\" is the root");
    assert_refused("[{\"destination\":\"/a\",\"type\":[]}]", "mounts[0].type: not a string");
    assert_refused("[{\"destination\":\"/a\",\"type\":\"bind\"}]", "mounts[0].source: missing");
    assert_refused("[{\"destination\":\"/a\",\"source\":\"\",\"options\":[\"bind\"]}]",
                   "mounts[0].source: missing");
    assert_refused("[{\"destination\":\"/a\",\"options\":\"ro\"}]", "mounts[0].options: not an array");
    assert_refused("[{\"destination\":\"/a\",\"options\":[\"size=1:ro\"]}]",
                   "mounts[0].options: \"size=1:ro\" has a comma or a colon");
    assert_refused("[{\"destination\":\"/a\",\"uidMappings\":7}]", "mounts[0].uidMappings: not an array");
}

static void too_long_a_destination_and_too_many_mounts_are_refused(void **state)
{
    (void)state;
    char longest[5000];
    memset(longest, 'a', sizeof longest);
    cleanup_free char *long_one = xasprintf("[{\"destination\":\"/%.4999s\"}]", longest);
    assert_refused(long_one, "mounts[0].destination: longer than 4095 bytes");
    cleanup_buffer struct buffer many = {0};
    for (int i = 0; i <= BUNDLE_MOUNTS_MAX; i++)
        buffer_format(&many, "%s{\"destination\":\"/a\"}", i == 0 ? "[" : ",");
    buffer_add_char(&many, ']');
    assert_refused(many.data, "mounts: 1025 of them");
}

static void a_source_that_is_missing_is_an_error_and_a_device_is_not_opened(void **state)
{
    struct temporary *temporary = *state;
    cleanup_json json_t *config = NULL;
    cleanup_mounts struct bundle_mounts mounts = {0};
    cleanup_error struct error error = {0};
    cleanup_free char *fifo = xasprintf("%s/fifo", temporary->path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    cleanup_free char *array =
        xasprintf("[{\"destination\":\"/a\",\"type\":\"bind\",\"source\":\"%s\"}]", fifo);
    assert_int_equal(read_mounts(array, &config, &mounts, &error), 0);
    assert_int_equal(bundle_mounts_open(&mounts, &error), 0); /* it would wait for a writer */
    assert_true(S_ISFIFO(mounts.items[0].status.st_mode));
    bundle_mounts_close(&mounts);
    assert_int_equal(mounts.items[0].fd, -1);
    unlink(fifo);
    assert_int_equal(bundle_mounts_open(&mounts, &error), -1);
    assert_non_null(strstr(error.message, "config.json: mounts[0] (/a): source "));
}

/* ---- choosing ---- */

enum { ARCHIVE = 1, TMPFS = 2, DISKS = 4, SHARES = 8, REFUSED = -1 };

struct choice {
    const char *destination;
    const char *type;
    const char *options; /* a letter each: b(ind), r(ead-only) */
    mode_t source;
    bool small;
    int abilities;
    int way; /* or REFUSED */
};

static int choose(const struct choice *choice, struct error *error)
{
    const struct bundle_mount mount = {
        .destination = (char *)choice->destination,
        .type = choice->type,
        .source = (char *)"/source",
        .bind = strchr(choice->options, 'b') != NULL,
        .readonly = strchr(choice->options, 'r') != NULL,
    };
    const struct mount_source source = {.type = choice->source, .fits = choice->small};
    const struct mount_abilities abilities = {
        .archive = choice->abilities & ARCHIVE,
        .tmpfs = choice->abilities & TMPFS,
        .disks = choice->abilities & DISKS,
        .shares = choice->abilities & SHARES,
    };
    enum mount_way way;
    return mount_way_choose(&mount, &source, &abilities, &way, error) < 0 ? REFUSED : (int)way;
}

static void assert_choices(const struct choice *choices, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        cleanup_error struct error error = {0};
        int way = choose(&choices[i], &error);
        if (way != choices[i].way)
            fail_msg("%s, row %zu: %d, not %d: %s", choices[i].destination, i, way, choices[i].way,
                     error.message != NULL ? error.message : "");
        assert_int_equal(way == REFUSED, error.message != NULL);
        if (way == REFUSED)
            assert_non_null(strstr(error.message, choices[i].destination));
    }
}

static void what_every_container_has_is_the_guests_own(void **state)
{
    (void)state;
    static const struct choice choices[] = {
        {"/proc", "proc", "", 0, false, 0, MOUNT_WAY_OWN},
        {"/sys", "sysfs", "r", 0, false, 0, MOUNT_WAY_OWN},
        {"/sys/fs/cgroup", "cgroup", "r", 0, false, 0, MOUNT_WAY_OWN},
        {"/dev", "tmpfs", "", 0, false, TMPFS, MOUNT_WAY_OWN},
        {"/dev/pts", "devpts", "", 0, false, 0, MOUNT_WAY_OWN},
        {"/dev/mqueue", "mqueue", "", 0, false, 0, MOUNT_WAY_OWN},
        {"/dev/null", "none", "b", S_IFCHR, false, 0, MOUNT_WAY_OWN},
        {"/dev/termination-log", "bind", "b", S_IFREG, true, ARCHIVE | SHARES, MOUNT_WAY_OWN},
        {"/dev/shm", "tmpfs", "", 0, false, 0, MOUNT_WAY_OWN},
        {"/dev/shm", "tmpfs", "", 0, false, TMPFS, MOUNT_WAY_TMPFS},
        {"/dev/shm", "bind", "b", S_IFDIR, true, TMPFS | SHARES, MOUNT_WAY_TMPFS},
        {"/run", "tmpfs", "", 0, false, 0, MOUNT_WAY_OWN},
        {"/tmp", "tmpfs", "", 0, false, TMPFS, MOUNT_WAY_TMPFS},
        {"/run/podman-init", "bind", "br", S_IFREG, false, 0, MOUNT_WAY_OWN},
        {"/sbin/docker-init", "bind", "br", S_IFREG, true, ARCHIVE, MOUNT_WAY_OWN},
    };
    assert_choices(choices, sizeof choices / sizeof *choices);
}

static void an_engines_small_files_are_copied_or_left_out(void **state)
{
    (void)state;
    static const struct choice choices[] = {
        {"/etc/hosts", "bind", "b", S_IFREG, true, ARCHIVE, MOUNT_WAY_ARCHIVE},
        {"/etc/resolv.conf", "bind", "br", S_IFREG, true, ARCHIVE, MOUNT_WAY_ARCHIVE},
        {"/etc/hostname", "bind", "b", S_IFREG, true, 0, MOUNT_WAY_OWN},
        {"/etc/hosts", "bind", "b", S_IFREG, false, ARCHIVE, MOUNT_WAY_OWN},
        {"/run/secrets", "bind", "b", S_IFDIR, true, ARCHIVE, MOUNT_WAY_ARCHIVE},
        {"/run/secrets", "tmpfs", "", 0, false, TMPFS | ARCHIVE, MOUNT_WAY_TMPFS},
        {"/var/run/secrets/kubernetes.io/serviceaccount", "bind", "br", S_IFDIR, true, ARCHIVE,
         MOUNT_WAY_ARCHIVE},
        {"/var/run/secrets/kubernetes.io/serviceaccount", "bind", "br", S_IFDIR, true, 0, MOUNT_WAY_OWN},
        {"/var/run/secrets/kubernetes.iota", "bind", "br", S_IFDIR, true, 0, REFUSED},
    };
    assert_choices(choices, sizeof choices / sizeof *choices);
}

static void read_only_trees_are_copied_and_others_are_shared_or_refused(void **state)
{
    (void)state;
    static const struct choice choices[] = {
        {"/config", "bind", "br", S_IFDIR, true, ARCHIVE | SHARES, MOUNT_WAY_ARCHIVE},
        {"/config", "bind", "br", S_IFDIR, false, ARCHIVE | SHARES, MOUNT_WAY_SHARE},
        {"/config", "bind", "br", S_IFDIR, true, SHARES, MOUNT_WAY_SHARE},
        {"/config", "bind", "br", S_IFDIR, false, ARCHIVE, REFUSED},
        {"/config", "bind", "br", S_IFDIR, true, 0, REFUSED},
        {"/data", "bind", "b", S_IFDIR, true, ARCHIVE, REFUSED},
        {"/data", "bind", "b", S_IFDIR, true, ARCHIVE | SHARES, MOUNT_WAY_SHARE},
        {"/tmp", "bind", "b", S_IFDIR, true, TMPFS | SHARES, MOUNT_WAY_SHARE},
        {"/file", "bind", "br", S_IFREG, true, ARCHIVE, MOUNT_WAY_ARCHIVE},
        {"/file", "bind", "br", S_IFREG, true, 0, REFUSED},
        {"/file", "bind", "br", S_IFREG, false, ARCHIVE | SHARES, REFUSED},
        {"/file", "bind", "b", S_IFREG, true, ARCHIVE | SHARES, REFUSED},
    };
    assert_choices(choices, sizeof choices / sizeof *choices);
}

static void block_devices_are_disks_and_other_kinds_are_refused(void **state)
{
    (void)state;
    static const struct choice choices[] = {
        {"/data", "bind", "b", S_IFBLK, false, ARCHIVE | DISKS, MOUNT_WAY_DISK},
        {"/data", "bind", "b", S_IFBLK, false, ARCHIVE | SHARES, REFUSED},
        {"/data", "bind", "b", S_IFSOCK, false, ARCHIVE | SHARES | DISKS, REFUSED},
        {"/data", "bind", "br", S_IFIFO, false, ARCHIVE | SHARES | DISKS, REFUSED},
        {"/dev/fuse", "bind", "b", S_IFCHR, false, ARCHIVE | SHARES | DISKS, REFUSED},
        {"/data", "tmpfs", "", 0, false, TMPFS, MOUNT_WAY_TMPFS},
        {"/data", "tmpfs", "", 0, false, ARCHIVE, REFUSED},
        {"/data", "nfs", "", 0, false, ARCHIVE | TMPFS | SHARES | DISKS, REFUSED},
        {"/other", "proc", "", 0, false, ARCHIVE | TMPFS | SHARES | DISKS, REFUSED},
    };
    assert_choices(choices, sizeof choices / sizeof *choices);
}

static void a_file_with_a_file_system_in_it_is_a_disk(void **state)
{
    (void)state;
    const struct bundle_mount mount = {.destination = (char *)"/data", .type = "bind", .bind = true};
    const struct mount_source source = {.type = S_IFREG, .holds_a_system = true};
    cleanup_error struct error error = {0};
    enum mount_way way;
    assert_int_equal(
        mount_way_choose(&mount, &source, &(struct mount_abilities){.disks = true}, &way, &error), 0);
    assert_int_equal(way, MOUNT_WAY_DISK);
}

static void only_a_read_only_or_an_engines_mount_may_be_copied(void **state)
{
    (void)state;
    const struct bundle_mount writable = {.destination = (char *)"/data", .type = "bind", .bind = true};
    const struct bundle_mount readonly = {
        .destination = (char *)"/data", .type = "bind", .bind = true, .readonly = true};
    const struct bundle_mount hosts = {.destination = (char *)"/etc/hosts", .type = "bind", .bind = true};
    const struct bundle_mount tmpfs = {.destination = (char *)"/data", .type = "tmpfs", .readonly = true};
    assert_false(mount_may_be_copied(&writable));
    assert_true(mount_may_be_copied(&readonly));
    assert_true(mount_may_be_copied(&hosts));
    assert_false(mount_may_be_copied(&tmpfs));
}

/* ---- trees ---- */

static struct inode *read_tree(struct temporary *temporary, const char *name,
                               const struct namespaces *namespaces, struct mount_tree_room *room,
                               struct error *error)
{
    cleanup_free char *path = xasprintf("%s/%s", temporary->path, name);
    cleanup_close int fd = open(path, O_PATH | O_CLOEXEC);
    assert_true(fd >= 0);
    const struct bundle_mount mount = {.destination = (char *)"/m", .source = path, .bind = true, .fd = fd};
    return mount_tree_read(&mount, namespaces, room, error);
}

static struct mount_tree_room room_of(uint64_t bytes, uint64_t entries)
{
    return (struct mount_tree_room){.bytes = bytes, .entries = entries};
}

/* As the kubelet writes a ConfigMap: the files are symlinks through ..data. */
static void make_config_map(struct temporary *temporary)
{
    temporary_write_text(temporary, "map/..2026/key", "value");
    cleanup_free char *data = xasprintf("%s/map/..data", temporary->path),
                      *key = xasprintf("%s/map/key", temporary->path),
                      *file = xasprintf("%s/map/..2026/key", temporary->path);
    assert_int_equal(symlink("..2026", data), 0);
    assert_int_equal(symlink("..data/key", key), 0);
    assert_int_equal(chmod(file, 0440), 0);
}

static void a_tree_is_read_with_its_symlinks_and_modes(void **state)
{
    struct temporary *temporary = *state;
    make_config_map(temporary);
    const struct namespaces none = {0};
    cleanup_error struct error error = {0};
    struct mount_tree_room room = room_of(100, 10);
    cleanup_inode struct inode *tree = read_tree(temporary, "map", &none, &room, &error);
    assert_non_null(tree);
    assert_string_equal(tree_child(tree, "..data")->target, "..2026");
    assert_string_equal(tree_child(tree, "key")->target, "..data/key");
    const struct inode *file = tree_child(tree_child(tree, "..2026"), "key");
    assert_int_equal(file->mode, S_IFREG | 0440);
    assert_int_equal(file->uid, geteuid());
    assert_memory_equal(content_memory(file->content), "value", 5);
    assert_int_equal(room.bytes, 95);
    assert_int_equal(room.entries, 5);
}

static void what_does_not_fit_is_no_error_and_takes_no_room(void **state)
{
    struct temporary *temporary = *state;
    make_config_map(temporary);
    const struct namespaces none = {0};
    cleanup_error struct error error = {0};
    struct mount_tree_room few_bytes = room_of(4, 10), few_entries = room_of(100, 4);
    assert_null(read_tree(temporary, "map", &none, &few_bytes, &error));
    assert_null(read_tree(temporary, "map", &none, &few_entries, &error));
    assert_null(error.message);
    assert_int_equal(few_bytes.bytes, 4);
    assert_int_equal(few_entries.entries, 4);
}

static void a_pipe_in_the_tree_does_not_fit_and_is_not_opened(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "map/key", "value");
    cleanup_free char *fifo = xasprintf("%s/map/fifo", temporary->path);
    assert_int_equal(mkfifo(fifo, 0600), 0);
    const struct namespaces none = {0};
    cleanup_error struct error error = {0};
    struct mount_tree_room room = room_of(100, 10);
    assert_null(read_tree(temporary, "map", &none, &room, &error));
    assert_null(error.message);
}

static void directories_within_each_other_end_somewhere(void **state)
{
    struct temporary *temporary = *state;
    cleanup_buffer struct buffer path = {0};
    buffer_add_string(&path, "deep");
    for (int i = 0; i < MOUNT_TREE_DEPTH; i++)
        buffer_add_string(&path, "/d");
    buffer_add_string(&path, "/file");
    temporary_write_text(temporary, path.data, "x");
    const struct namespaces none = {0};
    cleanup_error struct error error = {0};
    struct mount_tree_room room = room_of(100, 1000);
    assert_null(read_tree(temporary, "deep", &none, &room, &error));
    assert_null(error.message);
    cleanup_inode struct inode *below = read_tree(temporary, "deep/d", &none, &room, &error);
    assert_non_null(below);
}

static void owners_are_those_that_the_container_sees(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "file", "x");
    struct id_mapping uids[] = {{.container = 7, .host = geteuid(), .size = 1}};
    const struct namespaces mapped = {.wanted = {[NAMESPACE_USER] = true},
                                      .uid_mappings = {.items = uids, .count = 1}};
    cleanup_error struct error error = {0};
    struct mount_tree_room room = room_of(100, 10);
    cleanup_inode struct inode *file = read_tree(temporary, "file", &mapped, &room, &error);
    assert_int_equal(file->uid, 7);
    assert_int_equal(file->gid, 65534);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, temporary_make, temporary_remove)
    const struct CMUnitTest tests[] = {
        TEST(a_bundle_without_mounts_has_none),
        TEST(options_become_what_they_mean),
        TEST(the_last_mount_at_a_place_is_the_one_that_is_seen),
        TEST(what_is_no_mount_is_refused_by_its_place),
        TEST(too_long_a_destination_and_too_many_mounts_are_refused),
        TEST(a_source_that_is_missing_is_an_error_and_a_device_is_not_opened),
        TEST(what_every_container_has_is_the_guests_own),
        TEST(an_engines_small_files_are_copied_or_left_out),
        TEST(read_only_trees_are_copied_and_others_are_shared_or_refused),
        TEST(block_devices_are_disks_and_other_kinds_are_refused),
        TEST(a_file_with_a_file_system_in_it_is_a_disk),
        TEST(only_a_read_only_or_an_engines_mount_may_be_copied),
        TEST(a_tree_is_read_with_its_symlinks_and_modes),
        TEST(what_does_not_fit_is_no_error_and_takes_no_room),
        TEST(a_pipe_in_the_tree_does_not_fit_and_is_not_opened),
        TEST(directories_within_each_other_end_somewhere),
        TEST(owners_are_those_that_the_container_sees),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
