/* Unpacking layers: what image-spec's layer.md says, and what hostile layers try. */
#include "formats/oci/descriptor.h"
#include "tests/unit/fixtures/layers.h"

#include <errno.h>
#include <sys/xattr.h>

#include "builder/bundle/remove_tree.h"
#include "builder/bundle/unpack.h"
#include "builder/image/source_image.h"

/* Unpacks a list of layers into "rootfs"; the error's text, or NULL. The caller frees it. */
static char *unpack_layers(const struct temporary *temporary, enum compression compression,
                           const struct item *const *layers)
{
    struct new_image image = {0};
    for (; *layers != NULL; layers++)
        add_layer_items(&image, temporary, compression, *layers);
    write_image(&image, temporary, "oci", "layout", "web:1");
    struct error error = {0};
    struct source_image source;
    char *name = xasprintf("%s/layout:1", temporary->path);
    assert_int_equal(source_image_open(&source, name, NULL, &error), 0);
    free(name);
    mkdirat(temporary->fd, "rootfs", 0755);
    int rootfs = openat(temporary->fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    int result = unpack_image(&source, rootfs, &error);
    assert_true((result < 0) == error_is_set(&error));
    close(rootfs);
    source_image_close(&source);
    return error.message;
}

static void unpack_good(const struct temporary *temporary, const struct item *const *layers)
{
    char *message = unpack_layers(temporary, COMPRESSION_GZIP, layers);
    if (message != NULL)
        print_message("%s\n", message);
    assert_null(message);
}

static void unpack_bad(const struct temporary *temporary, const struct item *layer, const char *expected)
{
    const struct item *const layers[] = {layer, NULL};
    char *message = unpack_layers(temporary, COMPRESSION_NONE, layers);
    assert_non_null(message);
    if (strstr(message, expected) == NULL)
        print_message("%s\n", message);
    assert_non_null(strstr(message, expected));
    free(message);
}

static bool exists(const struct temporary *temporary, const char *name)
{
    struct stat status;
    char path[512];
    snprintf(path, sizeof path, "rootfs/%s", name);
    return fstatat(temporary->fd, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void expect_text(const struct temporary *temporary, const char *name, const char *expected)
{
    char path[512];
    snprintf(path, sizeof path, "rootfs/%s", name);
    char *text = temporary_read(temporary, path);
    assert_string_equal(text, expected);
    free(text);
}

static struct stat status_of(const struct temporary *temporary, const char *name)
{
    struct stat status;
    char path[512];
    snprintf(path, sizeof path, "rootfs/%s", name);
    assert_int_equal(fstatat(temporary->fd, path, &status, AT_SYMLINK_NOFOLLOW), 0);
    return status;
}

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

static void each_compression_is_read(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {{'f', "x", "text"}, {0}};
    static const enum compression all[] = {COMPRESSION_NONE, COMPRESSION_GZIP, COMPRESSION_ZSTD};
    for (size_t i = 0; i < 3; i++) {
        char *message = unpack_layers(temporary, all[i], (const struct item *const[]){layer, NULL});
        assert_null(message);
        expect_text(temporary, "x", "text");
    }
}

/* One layer of these bytes; the error's text, or NULL. */
static char *unpack_bytes(const struct temporary *temporary, const void *bytes, size_t length)
{
    struct new_image image = {0};
    add_layer_bytes(&image, temporary, COMPRESSION_GZIP, bytes, length);
    write_image(&image, temporary, "oci", "layout", "web:1");
    struct error error = {0};
    struct source_image source;
    char *name = xasprintf("oci:%s/layout", temporary->path);
    assert_int_equal(source_image_open(&source, name, NULL, &error), 0);
    free(name);
    mkdirat(temporary->fd, "rootfs", 0755);
    int rootfs = openat(temporary->fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    unpack_image(&source, rootfs, &error);
    close(rootfs);
    source_image_close(&source);
    return error.message;
}

static void an_empty_layer_is_fine(void **state)
{
    static const struct item layer[] = {{0}};
    unpack_good(*state, (const struct item *const[]){layer, NULL});
    /* The empty blocks at a tar's end may be missing too. */
    char *message = unpack_bytes(*state, "", 0);
    assert_null(message);
}

static void gzip_in_many_members_is_read_whole(void **state)
{
    struct temporary *temporary = *state;
    char *text = malloc(3 << 20);
    for (size_t i = 0; i + 1 < 3 << 20; i++)
        text[i] = (char)('a' + i * 7919 % 26);
    text[(3 << 20) - 1] = '\0';
    const struct item layer[] = {{'f', "x", text, 0, 0, NULL}, {'f', "y", "end", 0, 0, NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    expect_text(temporary, "x", text);
    expect_text(temporary, "y", "end");
    free(text);
}

static void upper_layers_replace_and_directories_merge(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'d', "d", NULL},
                                        {'f', "d/a", "1"},
                                        {'f', "d/b", "1"},
                                        {'d', "e", NULL},
                                        {'f', "e/x", "1"},
                                        {'f', "f", "1"},
                                        {0}};
    static const struct item upper[] = {{'d', "d", NULL, 0700}, {'f', "d/a", "2"}, {'f', "e", "file"},
                                        {'d', "f", NULL},       {'f', "f/y", "2"}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    expect_text(temporary, "d/a", "2");
    expect_text(temporary, "d/b", "1");
    expect_text(temporary, "e", "file");
    expect_text(temporary, "f/y", "2");
    assert_int_equal(status_of(temporary, "d").st_mode & 0777, 0700);
}

static void whiteouts_hide_lower_layers(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'f', "a", "1"},     {'d', "d", NULL},   {'d', "d/e", NULL},
                                        {'f', "d/e/f", "1"}, {'f', "keep", "1"}, {0}};
    static const struct item upper[] = {{'f', ".wh.a", NULL},        {'f', ".wh.d", NULL},
                                        {'f', ".wh.nothing", NULL},  {'f', "nowhere/.wh.x", NULL},
                                        {'f', ".wh..wh.plnk", NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    assert_false(exists(temporary, "a"));
    assert_false(exists(temporary, "d"));
    assert_true(exists(temporary, "keep"));
    assert_false(exists(temporary, "nowhere"));
    assert_int_equal(temporary_count(temporary, "rootfs"), 1);
}

static void opaque_directories_spare_their_own_layer_in_any_order(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {
        {'d', "d", NULL}, {'f', "d/old", "1"}, {'d', "d/sub", NULL}, {'f', "d/sub/old", "1"}, {0}};
    static const struct item upper[] = {{'f', "d/first", "2"},
                                        {'f', "d/sub/new", "2"},
                                        {'f', "d/.wh..wh..opq", NULL},
                                        {'f', "d/last", "2"},
                                        {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    assert_false(exists(temporary, "d/old"));
    assert_false(exists(temporary, "d/sub/old"));
    expect_text(temporary, "d/first", "2");
    expect_text(temporary, "d/sub/new", "2");
    expect_text(temporary, "d/last", "2");
}

static void whiteouts_hide_trees_of_any_depth(void **state)
{
    struct temporary *temporary = *state;
    char path[601] = "";
    char whiteout[1310];
    for (size_t i = 0; i < 300; i++)
        memcpy(path + 2 * i, "d/", 3);
    path[599] = '\0';
    snprintf(whiteout, sizeof whiteout, "%.399s/own", path);
    const struct item lower[] = {{'f', path, "1", 0, 0, NULL}, {'d', "e", NULL, 0, 0, NULL}, {0}};
    const struct item upper[] = {{'f', whiteout, "2", 0, 0, NULL}, {'f', ".wh.d", NULL, 0, 0, NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    path[401] = '\0';
    assert_false(exists(temporary, path)); /* below the upper layer's file all is gone */
    path[399] = '\0';
    assert_int_equal(status_of(temporary, path).st_nlink, 2);
    expect_text(temporary, whiteout, "2");
}

static void a_directory_is_hidden_again_by_the_next_layer(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'f', "d/a", "1"}, {0}};
    static const struct item middle[] = {{'f', "d/.wh..wh..opq", NULL}, {'f', "d/b", "2"}, {0}};
    static const struct item upper[] = {
        {'f', "d/c", "3"}, {'f', "d/.wh..wh..opq", NULL}, {'f', "d/.wh..wh..opq", NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, middle, upper, NULL});
    assert_int_equal(temporary_count(temporary, "rootfs/d"), 1);
    expect_text(temporary, "d/c", "3");
}

static void the_way_to_an_entry_is_not_remembered_wrongly(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {
        {'f', "one/x", "1"}, {'f', "two/x", "2"}, {'l', "way", "one"}, {'f', "way/a", "a"}, {0}};
    static const struct item upper[] = {{'f', "way/b", "b"},
                                        {'l', "way", "two"},
                                        {'f', "way/c", "c"},
                                        {'f', ".wh.way", NULL},
                                        {'d', "w", NULL},
                                        {'f', "w/d", "d"},
                                        {'l', "w", "one"},
                                        {'f', "w/e", "e"},
                                        {'l', "l", "two"},
                                        {'f', "w/f", "f"},
                                        {'h', "w", "l"},
                                        {'f', "w/g", "g"},
                                        {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    expect_text(temporary, "one/b", "b");
    expect_text(temporary, "two/c", "c");
    expect_text(temporary, "one/e", "e");
    expect_text(temporary, "one/f", "f");
    expect_text(temporary, "two/g", "g");
    assert_false(exists(temporary, "two/b"));
    assert_false(exists(temporary, "one/d"));
}

/* A path that leads through the very entry that goes must be looked up again. */
static void a_path_through_what_was_replaced_leads_elsewhere(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {
        {'d', "a", NULL}, {'l', "a/s", "."}, {'d', "b", NULL}, {'l', "b/s", "."}, {0}};
    static const struct item upper[] = {
        {'d', "a/s/s", NULL}, {'f', "a/s/f", "1"}, {'f', "b/s/.wh.s", NULL}, {'f', "b/s/f", "2"}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    expect_text(temporary, "a/s/f", "1");
    expect_text(temporary, "b/s/f", "2");
    assert_false(exists(temporary, "a/f"));
    assert_false(exists(temporary, "b/f"));
    static const struct item link[] = {
        {'f', "one/x", "1"}, {'l', "w", "one"}, {'h', "w", "w/x"}, {'f', "w/y", "2"}, {0}};
    unpack_bad(temporary, link, "w/y: w: Not a directory");
}

static void a_whiteout_spares_an_entry_of_its_own_layer(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'f', "a", "1"}, {0}};
    static const struct item upper[] = {{'f', "a", "2"}, {'f', ".wh.a", NULL}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    expect_text(temporary, "a", "2");
}

static void an_entry_that_comes_twice_counts_once(void **state)
{
    struct temporary *temporary = *state;
    static const struct item layer[] = {{'f', "a", "one"},
                                        {'f', "a", "2"},
                                        {'d', "d", NULL},
                                        {'d', "d/", NULL, 0711},
                                        {'l', "l", "a"},
                                        {'l', "l", "d"},
                                        {0}};
    unpack_good(temporary, (const struct item *const[]){layer, NULL});
    expect_text(temporary, "a", "2");
    assert_int_equal(status_of(temporary, "d").st_mode & 0777, 0711);
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

static void a_whiteout_of_dots_is_refused(void **state)
{
    struct temporary *temporary = *state;
    static const struct item one[] = {{'d', "a", NULL}, {'f', "a/.wh..", NULL}, {0}};
    static const struct item two[] = {{'d', "a", NULL}, {'f', "a/.wh...", NULL}, {0}};
    static const struct item none[] = {{'f', ".wh.", NULL}, {0}};
    unpack_bad(temporary, one, "a whiteout without a name");
    unpack_bad(temporary, two, "a whiteout without a name");
    unpack_bad(temporary, none, "a whiteout without a name");
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

static void a_directory_made_in_passing_has_no_metadata_of_a_removed_one(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'d', "d", NULL, 0711}, {0}};
    static const struct item upper[] = {{'f', ".wh.d", NULL}, {'f', "new/x", "2"}, {0}};
    unpack_good(temporary, (const struct item *const[]){lower, upper, NULL});
    /* Many file systems give it the inode number that became free. */
    assert_int_equal(status_of(temporary, "new").st_mode & 0777, 0755);
}

static void what_is_no_tar_is_an_error(void **state)
{
    char bytes[4096];
    memset(bytes, 'x', sizeof bytes);
    char *message = unpack_bytes(*state, bytes, sizeof bytes);
    assert_non_null(message);
    assert_non_null(strstr(message, "layer 1 of 1: not a readable layer"));
    free(message);
}

static void a_cut_off_file_is_named_with_its_layer(void **state)
{
    static const struct item items[] = {{'f', "x", "some text"}, {0}};
    struct buffer tar = make_tar(items);
    char *message = unpack_bytes(*state, tar.data, 515);
    assert_non_null(strstr(message, "layout: layer 1 of 1: x: not a readable layer: "));
    free(message);
    buffer_free(&tar);
}

static void names_like_those_of_removing_are_removed(void **state)
{
    static const struct item lower[] = {{'f', "d/\0011/k", "1"},   {'f', "d/a/b/k", "2"},
                                        {'f', "d/\0012", "3"},     {'f', "d/c/d/k", "4"},
                                        {'f', "d/\0013/e/k", "5"}, {0}};
    static const struct item upper[] = {{'f', "d", "text"}, {0}};
    unpack_good(*state, (const struct item *const[]){lower, upper, NULL});
    expect_text(*state, "d", "text");
}

static void a_tar_cut_off_anywhere_is_survived(void **state)
{
    struct temporary *temporary = *state;
    static const struct item items[] = {
        {'d', "d", NULL}, {'f', "d/x", "some text", 0, 0, "value"}, {'h', "y", "d/x"}, {0}};
    struct buffer tar = make_tar(items);
    for (size_t length = 1; length < tar.length; length += 97)
        free(unpack_bytes(temporary, tar.data, length));
    buffer_free(&tar);
}

/* Changes one byte of a layer's blob, in place. */
static void change_byte(const struct temporary *temporary, const struct descriptor *descriptor, off_t offset)
{
    char *path = xasprintf("layout/blobs/sha256/%s", digest_hex(&descriptor->digest));
    int fd = openat(temporary->fd, path, O_RDWR | O_CLOEXEC);
    char byte;
    assert_int_equal(pread(fd, &byte, 1, offset), 1);
    byte ^= 1;
    assert_int_equal(pwrite(fd, &byte, 1, offset), 1);
    close(fd);
    free(path);
}

/* The image of that name opens, and unpacking it fails with a message that holds `message`. */
static void assert_is_refused(struct temporary *temporary, const char *image, const char *message)
{
    struct source_image source;
    struct error error = {0};
    char *name = xasprintf("%s/%s", temporary->path, image);
    assert_int_equal(source_image_open(&source, name, NULL, &error), 0);
    assert_int_equal(mkdirat(temporary->fd, "rootfs", 0755), 0);
    int rootfs = openat(temporary->fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_int_equal(unpack_image(&source, rootfs, &error), -1);
    if (strstr(error.message, message) == NULL)
        print_message("%s\n", error.message);
    assert_non_null(strstr(error.message, message));
    error_clear(&error);
    close(rootfs);
    source_image_close(&source);
    free(name);
}

static void a_layer_of_another_digest_is_an_error(void **state)
{
    struct temporary *temporary = *state;
    static const struct item items[] = {{'f', "x", "text"}, {0}};
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_NONE, items);
    struct descriptor descriptor = {.digest = image.layers[0].descriptor.digest};
    write_image(&image, temporary, "oci", "layout", NULL);
    change_byte(temporary, &descriptor, 512); /* in the file's text: the tar is still a good one */
    assert_is_refused(temporary, "layout", "layer 1 of 1: the digest is sha256:");
}

static void nothing_is_unpacked_of_an_image_with_a_spoiled_blob(void **state)
{
    struct temporary *temporary = *state;
    static const struct item lower[] = {{'f', "x", "text"}, {0}};
    static const struct item upper[] = {{'f', "y", "text"}, {0}};
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_NONE, lower);
    add_layer_items(&image, temporary, COMPRESSION_NONE, upper);
    struct descriptor descriptor = {.digest = image.layers[1].descriptor.digest};
    write_image(&image, temporary, "oci", "layout", NULL);
    change_byte(temporary, &descriptor, 0); /* in the entry's name: a parser would see a wrong checksum */
    assert_is_refused(temporary, "layout", "layer 2 of 2: the digest is sha256:");
    assert_int_equal(temporary_count(temporary, "rootfs"), 0);
}

static void layers_without_a_digest_are_verified_by_their_diff_id_first(void **state)
{
    struct temporary *temporary = *state;
    static const struct item items[] = {{'f', "x", "some text of the layer"}, {0}};
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_NONE, items);
    write_image(&image, temporary, "docker-archive", "image.tar", "web:1");
    struct error error = {0};
    struct buffer bytes = {0};
    assert_int_equal(read_file(temporary->fd, "image.tar", 1 << 24, &bytes, &error), 0);
    char *text = memmem(bytes.data, bytes.length, "some text of the layer", 22);
    assert_non_null(text);
    *text = 'S';
    temporary_write(temporary, "image.tar", bytes.data, bytes.length);
    buffer_free(&bytes);
    assert_is_refused(temporary, "image.tar", "layer 1 of 1: the diff ID is sha256:");
    assert_int_equal(temporary_count(temporary, "rootfs"), 0);
}

static void a_layer_of_another_diff_id_is_an_error(void **state)
{
    struct temporary *temporary = *state;
    static const struct item items[] = {{'f', "x", "text"}, {0}};
    struct new_image image = {0};
    add_layer_items(&image, temporary, COMPRESSION_GZIP, items);
    memset(image.layers[0].diff_id.text + 7, 'a', 64);
    write_image(&image, temporary, "oci", "layout", NULL);
    assert_is_refused(temporary, "layout", "the diff ID is sha256:");
}

static void deep_trees_are_removed_with_few_descriptors(void **state)
{
    struct temporary *temporary = *state;
    int fd = openat(temporary->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (int i = 0; i < 3000; i++) {
        assert_int_equal(mkdirat(fd, i == 0 ? "deep" : "d", 0700), 0);
        int next = openat(fd, i == 0 ? "deep" : "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (i % 100 == 0)
            assert_int_equal(symlinkat("/", fd, i == 0 ? "keep" : "link"), 0);
        close(fd);
        fd = next;
    }
    close(fd);
    struct error error = {0};
    assert_int_equal(remove_tree(temporary->fd, "deep", &error), 0);
    assert_int_equal(faccessat(temporary->fd, "deep", F_OK, 0), -1);
    assert_int_equal(temporary_count(temporary, "."), 1);
    assert_int_equal(remove_tree(temporary->fd, "missing", &error), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(each_kind_of_entry_is_made),
        with_temporary(each_compression_is_read),
        with_temporary(an_empty_layer_is_fine),
        with_temporary(nothing_but_a_directory_can_be_the_root),
        with_temporary(gzip_in_many_members_is_read_whole),
        with_temporary(upper_layers_replace_and_directories_merge),
        with_temporary(whiteouts_hide_lower_layers),
        with_temporary(opaque_directories_spare_their_own_layer_in_any_order),
        with_temporary(whiteouts_hide_trees_of_any_depth),
        with_temporary(a_directory_is_hidden_again_by_the_next_layer),
        with_temporary(the_way_to_an_entry_is_not_remembered_wrongly),
        with_temporary(a_path_through_what_was_replaced_leads_elsewhere),
        with_temporary(a_whiteout_spares_an_entry_of_its_own_layer),
        with_temporary(an_entry_that_comes_twice_counts_once),
        with_temporary(directories_without_write_permission_are_filled),
        with_temporary(names_are_bytes),
        with_temporary(extended_attributes_are_kept),
        with_temporary(root_keeps_owners_and_makes_devices),
        with_temporary(dot_dot_is_refused),
        with_temporary(a_whiteout_of_dots_is_refused),
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
        with_temporary(a_directory_made_in_passing_has_no_metadata_of_a_removed_one),
        with_temporary(what_is_no_tar_is_an_error),
        with_temporary(a_cut_off_file_is_named_with_its_layer),
        with_temporary(names_like_those_of_removing_are_removed),
        with_temporary(a_tar_cut_off_anywhere_is_survived),
        with_temporary(a_layer_of_another_digest_is_an_error),
        with_temporary(nothing_is_unpacked_of_an_image_with_a_spoiled_blob),
        with_temporary(layers_without_a_digest_are_verified_by_their_diff_id_first),
        with_temporary(a_layer_of_another_diff_id_is_an_error),
        with_temporary(deep_trees_are_removed_with_few_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
