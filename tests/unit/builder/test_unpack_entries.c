/* Unpacking the entries of a layer: each kind, each name, and what hostile ones try. */
#include <sys/xattr.h>

#include "builder/bundle/remove_tree.h"
#include "tests/unit/fixtures/unpack_fixture.h"

static void each_kind_of_entry_is_made(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {
        {'d', "dir/", NULL, 0750},
        {'f', "dir/file", "text", 04755},
        {'l', "dir/link", "../x"},
        {'h', "dir/hard", "dir/file"},
        {'p', "dir/fifo", NULL},
        {'f', "a/b/c", "parents"},
        {0},
    };
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    expect_text(temporary, "dir/file", "text");
    assert_int_equal(status_of(temporary, "dir").st_mode & 07777, 0750);
    assert_int_equal(status_of(temporary, "dir/file").st_mode & 07777, 04755);
    assert_int_equal(status_of(temporary, "dir/file").st_mtime, 1000000000);
    assert_int_equal(status_of(temporary, "dir").st_mtime, 1000000000);
    assert_int_equal(status_of(temporary, "dir/hard").st_ino, status_of(temporary, "dir/file").st_ino);
    assert_true(S_ISLNK(status_of(temporary, "dir/link").st_mode));
    assert_true(S_ISFIFO(status_of(temporary, "dir/fifo").st_mode));
    expect_text(temporary, "a/b/c", "parents");
}

static void directories_without_write_permission_are_filled(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {
        {'d', "d", NULL, 0555}, {'f', "d/x", "1"}, {'d', "d/e", NULL, 0111}, {'f', "d/e/y", "1"}, {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    assert_int_equal(status_of(temporary, "d").st_mode & 0777, 0555);
    assert_int_equal(status_of(temporary, "d/e").st_mode & 0777, 0111);
    struct error error = {0};
    assert_int_equal(remove_tree(temporary->fd, "rootfs", &error), 0);
}

static void names_are_bytes(void **state)
{
    struct temporary *temporary = *state;
    char name[256];
    memset(name, 'n', 255);
    name[255] = '\0';
    char umlauts[201] = ""; /* too long for ustar: comes as a pax record */
    for (size_t i = 0; i < 100; i++)
        memcpy(umlauts + 2 * i, "\xc3\xa4", 2);
    const struct item layer[] = {{'f', "\xc3\xa4 \xe2\x82\xac", "utf8", 0, 0, NULL},
                                 {'f', name, "long", 0, 0, NULL},
                                 {'f', umlauts, "pax", 0, 0, NULL},
                                 {'f', "new\nline", "x", 0, 0, NULL},
                                 {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    expect_text(temporary, "\xc3\xa4 \xe2\x82\xac", "utf8");
    expect_text(temporary, name, "long");
    expect_text(temporary, umlauts, "pax");
    expect_text(temporary, "new\nline", "x");
}

static void extended_attributes_are_kept(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {{'f', "x", "1", 0444, 0, "value"}, {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    char path[512];
    char value[16] = "";
    snprintf(path, sizeof path, "%s/rootfs/x", temporary->path);
    if (getxattr(path, "user.test", value, sizeof value) < 0 && errno == EOPNOTSUPP)
        skip_because("the file system has no extended attributes");
    assert_string_equal(value, "value");
    assert_true(getxattr(path, "trusted.test", value, sizeof value) < 0); /* of the writer's machine */
}

static void root_keeps_owners_and_makes_devices(void **state)
{
    struct temporary *temporary = *state;
    if (geteuid() != 0)
        skip_because("needs root");
    static const struct item layer[] = {
        {'f', "x", "1", 04755, 1234}, {'c', "null", NULL, 0666}, {'l', "l", "x", 0, 77}, {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    assert_int_equal(status_of(temporary, "x").st_uid, 1234);
    assert_int_equal(status_of(temporary, "x").st_mode & 07777, 04755);
    assert_int_equal(status_of(temporary, "l").st_uid, 77);
    if (exists(temporary, "null")) /* not in a user namespace */
        assert_true(S_ISCHR(status_of(temporary, "null").st_mode));
}

static void dot_dot_is_refused(void **state)
{
    struct temporary *temporary = *state;
    static const struct item up[] = {{'f', "../evil", "x"}, {0}};
    static const struct item middle[] = {{'f', "a/../../evil", "x"}, {0}};
    static const struct item end[] = {{'d', "a/..", NULL}, {0}};
    static const struct item link[] = {{'h', "evil", "../secret"}, {0}};
    static const struct item whiteout[] = {{'f', "../.wh.secret", NULL}, {0}};
    temporary_write_text(temporary, "secret", "secret");
    unpack_bad(temporary, up, "../evil: leaves the image through \"..\"");
    unpack_bad(temporary, middle, "leaves the image through \"..\"");
    unpack_bad(temporary, end, "leaves the image through \"..\"");
    unpack_bad(temporary, link, "leaves the image through \"..\"");
    unpack_bad(temporary, whiteout, "leaves the image through \"..\"");
    assert_int_equal(faccessat(temporary->fd, "evil", F_OK, 0), -1);
    assert_int_equal(faccessat(temporary->fd, "secret", F_OK, 0), 0);
}

static void nothing_but_a_directory_can_be_the_root(void **state)
{
    const struct item file[] = {{'f', ".", "root", 0, 0, NULL}, {0}};
    const struct item symlink[] = {{'l', "./", "/", 0, 0, NULL}, {0}};
    const struct item link[] = {{'f', "a", "a", 0, 0, NULL}, {'h', ".", "a", 0, 0, NULL}, {0}};
    unpack_bad(*state, file, "the root must be a directory");
    unpack_bad(*state, symlink, "the root must be a directory");
    unpack_bad(*state, link, "the root must be a directory");
}

static void absolute_names_stay_inside(void **state)
{
    struct temporary *temporary = *state;
    char path[300];
    snprintf(path, sizeof path, "%s/evil", temporary->path);
    const struct item layer[] = {{'f', path, "x", 0, 0, NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    assert_int_equal(faccessat(temporary->fd, "evil", F_OK, 0), -1);
    expect_text(temporary, path + 1, "x");
}

static void symlinks_to_directories_lead_inside(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {{'d', "real", NULL},        {'l', "one", "/real"},
                                        {'l', "two", "../../real"}, {'f', "one/x", "1"},
                                        {'f', "two/y", "2"},        {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    expect_text(temporary, "real/x", "1");
    expect_text(temporary, "real/y", "2");
    assert_true(S_ISLNK(status_of(temporary, "one").st_mode));
}

static void nothing_is_written_through_symlinks(void **state)
{
    struct temporary *temporary = *state;
    char outside[300];
    char file[320];
    snprintf(outside, sizeof outside, "%s/outside", temporary->path);
    snprintf(file, sizeof file, "%s/file", outside);
    assert_int_equal(mkdirat(temporary->fd, "outside", 0755), 0);
    temporary_write_text(temporary, "outside/file", "mine");
    const struct item layers[][4] = {
        {{'l', "absolute", outside}, {'f', "absolute/evil", "x"}, {0}},
        {{'l', "relative", "../outside"}, {'f', "relative/evil", "x"}, {0}},
        {{'l', "file", file}, {'f', "file", "x"}, {0}},
        {{'l', "owner", file}, {'h', "hard", "owner"}, {'f', "hard", "x", 0777, 1}, {0}},
        {{'l', "mode", "../outside"}, {'d', "mode", NULL, 0777, 1}, {0}},
        {{'l', "hide", outside}, {'f', "hide/.wh.file", NULL}, {0}},
        {{'l', "opaque", "../outside"}, {'f', "opaque/.wh..wh..opq", NULL}, {0}},
        {{'l', "device", file}, {'c', "device", NULL}, {0}},
    };
    for (size_t i = 0; i < sizeof layers / sizeof *layers; i++)
        free(unpack_layers(temporary, COMPRESSION_NONE, (const struct item *const[]){layers[i], NULL}));
    assert_int_equal(temporary_count(temporary, "outside"), 1);
    char *text = temporary_read(temporary, "outside/file");
    assert_string_equal(text, "mine");
    free(text);
    struct stat status;
    assert_int_equal(fstatat(temporary->fd, "outside", &status, 0), 0);
    assert_int_equal(status.st_mode & 0777, 0755);
    assert_int_equal(fstatat(temporary->fd, "outside/file", &status, 0), 0);
    assert_int_equal(status.st_mode & 0777, 0644);
    assert_int_equal(status.st_uid, geteuid());
    expect_text(temporary, "file", "x");
    assert_true(S_ISDIR(status_of(temporary, "mode").st_mode));
}

static void hard_links_reach_nothing_outside(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "secret", "secret");
    char secret[300];
    snprintf(secret, sizeof secret, "%s/secret", temporary->path);
    const struct item absolute[] = {{'h', "x", secret, 0, 0, NULL}, {0}};
    const struct item through[] = {
        {'l', "d", temporary->path, 0, 0, NULL}, {'h', "x", "d/secret", 0, 0, NULL}, {0}};
    unpack_bad(temporary, absolute, "hard link to");
    unpack_bad(temporary, through, "hard link to");
    /* A link to a symlink is a link to the symlink. */
    const struct item link[] = {{'l', "l", secret, 0, 0, NULL}, {'h', "y", "l", 0, 0, NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){link, NULL});
    assert_true(S_ISLNK(status_of(temporary, "y").st_mode));
    struct stat status;
    assert_int_equal(fstatat(temporary->fd, "secret", &status, 0), 0);
    assert_int_equal(status.st_nlink, 1);
}

static void a_hard_link_to_itself_loses_nothing(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {
        {'f', "a", "1"}, {'h', "a", "a"}, {'h', "b", "./a"}, {'h', "a", "b"}, {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    expect_text(temporary, "a", "1");
    expect_text(temporary, "b", "1");
}

static void the_root_stays_a_directory(void **state)
{
    static const struct item file[] = {{'f', "./", "x"}, {0}};
    static const struct item directory[] = {{'d', "./", NULL, 0711}, {'f', "x", "1"}, {0}};
    unpack_good(*state, (const struct item *const[]){directory, NULL});
    assert_int_equal(status_of(*state, ".").st_mode & 0777, 0711);
    char *message = unpack_layers(*state, COMPRESSION_NONE, (const struct item *const[]){file, NULL});
    free(message); /* libarchive may take "./" for a directory; either way nothing is lost */
    assert_true(exists(*state, "."));
}

static void wrong_owners_are_refused(void **state)
{
    static const struct item layer[] = {{'f', "x", "1", 0644, 4294967295LL}, {0}};
    unpack_bad(*state, layer, "owner 4294967295:0: out of range");
}

static void names_that_are_too_long_are_refused(void **state)
{
    char name[300];
    memset(name, 'n', sizeof name - 1);
    name[299] = '\0';
    const struct item layer[] = {{'f', name, "x", 0, 0, NULL}, {0}};
    unpack_bad(*state, layer, "File name too long");
}

static void paths_that_linux_cannot_open_are_refused(void **state)
{
    char path[4098];
    memset(path, 'd', sizeof path);
    for (size_t i = 254; i < sizeof path; i += 255)
        path[i] = '/';
    path[4095] = '\0'; /* the longest */
    const struct item longest[] = {{'f', path, "x", 0, 0, NULL}, {0}};
    unpack_good(*state, (const struct item *const[]){longest, NULL});
    memcpy(path + 4095, "f", 2);
    const struct item longer[] = {{'f', path, "x", 0, 0, NULL}, {0}};
    unpack_bad(*state, longer, "a path of 4096 bytes; Linux opens none of more than 4095");
    const struct item link[] = {{'f', "x", "1", 0, 0, NULL}, {'h', "y", path, 0, 0, NULL}, {0}};
    unpack_bad(*state, link, "Linux opens none of more than 4095");
    struct error error = {0}; /* the fixture's own way of removing is by paths */
    assert_int_equal(remove_tree(((struct temporary *)*state)->fd, "rootfs", &error), 0);
}

static void closed_directories_get_their_modes_at_the_end(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {
        {'d', "d", NULL, 0100}, {'d', "d/e", NULL, 0200}, {'f', "d/e/x", "1"}, {0}};
    static const struct item upper[] = {{'d', "d", NULL, 0400}, {'f', "d/e/y", "2"}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    assert_int_equal(status_of(temporary, "d").st_mode & 0777, 0400);
    struct error error = {0};
    assert_int_equal(fchmodat(temporary->fd, "rootfs/d", 0700, 0), 0);
    assert_int_equal(status_of(temporary, "d/e").st_mode & 0777, 0200);
    assert_int_equal(status_of(temporary, "d/e").st_mtime, 1000000000);
    assert_int_equal(remove_tree(temporary->fd, "rootfs", &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(each_kind_of_entry_is_made),
        with_temporary(nothing_but_a_directory_can_be_the_root),
        with_temporary(directories_without_write_permission_are_filled),
        with_temporary(names_are_bytes),
        with_temporary(extended_attributes_are_kept),
        with_temporary(root_keeps_owners_and_makes_devices),
        with_temporary(dot_dot_is_refused),
        with_temporary(absolute_names_stay_inside),
        with_temporary(symlinks_to_directories_lead_inside),
        with_temporary(nothing_is_written_through_symlinks),
        with_temporary(hard_links_reach_nothing_outside),
        with_temporary(a_hard_link_to_itself_loses_nothing),
        with_temporary(the_root_stays_a_directory),
        with_temporary(wrong_owners_are_refused),
        with_temporary(names_that_are_too_long_are_refused),
        with_temporary(paths_that_linux_cannot_open_are_refused),
        with_temporary(closed_directories_get_their_modes_at_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
