/* The build context: what is loaded from it, and that nothing leads out of it. */
#include "builder/context/context.h"

#include <sys/socket.h>
#include <sys/un.h>
#include <sys/xattr.h>

#include "tests/unit/fixtures/builder_fixture.h"

static struct inode *load(struct fixture *fixture, const char *path)
{
    error_clear(&fixture->error);
    return fixture->context.files.load(&fixture->context.files, path, &fixture->error);
}

static void check_refused(struct fixture *fixture, const char *path, const char *expected)
{
    struct inode *inode = load(fixture, path);
    assert_null(inode);
    if (strstr(fixture->error.message, expected) == NULL)
        fail_msg("\"%s\" lacks \"%s\"", fixture->error.message, expected);
}

static void check_glob(struct fixture *fixture, const char *pattern, const char *expected)
{
    cleanup_strings struct strings matches = {0};
    cleanup_buffer struct buffer joined = {0};
    assert_int_equal(files_glob(&fixture->context.files, pattern, &matches, &fixture->error), 0);
    buffer_add(&joined, "", 0);
    for (size_t i = 0; i < matches.count; i++)
        buffer_format(&joined, "%s%s", i > 0 ? " " : "", matches.items[i]);
    assert_string_equal(joined.data, expected);
}

static void a_file_comes_with_its_mode_and_without_its_owner_and_time(void **state)
{
    struct fixture *fixture = *state;
    fixture->options.time = 12345;
    put_file(fixture, "a", "text");
    if (geteuid() == 0)
        assert_int_equal(fchownat(fixture->fd, "a", 7, 8, 0), 0);
    assert_int_equal(fchmodat(fixture->fd, "a", 06751, 0), 0);
    open_context(fixture);
    cleanup_inode struct inode *inode = load(fixture, "/a");
    assert_non_null(inode);
    assert_int_equal(inode->mode, S_IFREG | 06751);
    assert_int_equal(inode->uid, 0);
    assert_int_equal(inode->gid, 0);
    assert_int_equal(inode->mtime, 12345);
    assert_int_equal(content_size(inode->content), 4);
}

static void a_directory_comes_with_all_below_it(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "d/b/c", "1");
    put_file(fixture, "d/a", "2");
    assert_int_equal(symlinkat("/etc/passwd", fixture->fd, "d/link"), 0);
    assert_int_equal(mkfifoat(fixture->fd, "d/fifo", 0600), 0);
    open_context(fixture);
    cleanup_inode struct inode *inode = load(fixture, "d");
    assert_int_equal(inode->child_count, 4);
    assert_content(inode, "b/c", "1");
    assert_string_equal(find(inode, "link")->target, "/etc/passwd");
    assert_true(S_ISFIFO(find(inode, "fifo")->mode));
}

static void the_context_itself_is_a_directory(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "a", "");
    open_context(fixture);
    static const char *const names[] = {".", "/", "./", "x/.."};
    put_file(fixture, "x/y", "");
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        cleanup_inode struct inode *inode = load(fixture, names[i]);
        assert_non_null(inode);
        assert_int_equal(inode->child_count, 2);
    }
}

static void nothing_leads_out_of_the_context(void **state)
{
    struct fixture *fixture = *state;
    cleanup_free char *secret = xasprintf("%s/secret", fixture->temporary.path);
    close(open(secret, O_WRONLY | O_CREAT | O_CLOEXEC, 0644));
    put_file(fixture, "d/file", "");
    assert_int_equal(symlinkat("../secret", fixture->fd, "relative"), 0);
    assert_int_equal(symlinkat(secret, fixture->fd, "absolute"), 0);
    assert_int_equal(symlinkat("..", fixture->fd, "d/up"), 0);
    assert_int_equal(symlinkat("../..", fixture->fd, "d/out"), 0);
    assert_int_equal(symlinkat("/proc/self/root", fixture->fd, "magic"), 0);
    assert_int_equal(symlinkat("loop", fixture->fd, "loop"), 0);
    open_context(fixture);
    check_refused(fixture, "../secret", "../secret: leaves the build context");
    check_refused(fixture, "d/../../secret", "leaves the build context");
    check_refused(fixture, "relative", "relative: leaves the build context");
    check_refused(fixture, "absolute", "leaves the build context");
    check_refused(fixture, "d/out/secret", "leaves the build context");
    check_refused(fixture, "magic/etc/passwd", "leaves the build context");
    check_refused(fixture, "loop", "a loop of symlinks");
    check_refused(fixture, "none", "none: not in the build context");
    check_refused(fixture, "d/file/x", "not in the build context");
    cleanup_inode struct inode *inside = load(fixture, "d/up/d/file");
    assert_non_null(inside);
}

static void a_symlink_that_is_named_is_followed(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "d/file", "text");
    assert_int_equal(symlinkat("d/file", fixture->fd, "link"), 0);
    open_context(fixture);
    cleanup_inode struct inode *inode = load(fixture, "link");
    assert_true(S_ISREG(inode->mode));
}

static void hard_links_are_kept_until_the_instruction_ends(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "d/a", "x");
    assert_int_equal(linkat(fixture->fd, "d/a", fixture->fd, "b", 0), 0);
    assert_int_equal(linkat(fixture->fd, "d/a", fixture->fd, "d/c", 0), 0);
    open_context(fixture);
    cleanup_inode struct inode *all = load(fixture, "/");
    assert_ptr_equal(find(all, "d/a"), find(all, "b"));
    assert_ptr_equal(find(all, "d/a"), find(all, "d/c"));
    cleanup_inode struct inode *same = load(fixture, "b");
    assert_ptr_equal(same, find(all, "b"));
    context_forget_links(&fixture->context);
    cleanup_inode struct inode *other = load(fixture, "b");
    assert_ptr_not_equal(other, same);
}

static void attributes_of_the_file_are_kept_and_the_hosts_are_not(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "a", "");
    int fd = openat(fixture->fd, "a", O_RDONLY | O_CLOEXEC);
    if (fsetxattr(fd, "user.note", "v\0w", 3, 0) < 0) {
        close(fd);
        skip_because("the file system has no extended attributes");
    }
    bool trusted = fsetxattr(fd, "trusted.x", "y", 1, 0) == 0;
    close(fd);
    open_context(fixture);
    cleanup_inode struct inode *inode = load(fixture, "a");
    assert_int_equal(inode->xattr_count, 1);
    assert_string_equal(inode->xattrs[0].name, "user.note");
    assert_int_equal(inode->xattrs[0].length, 3);
    (void)trusted;
}

static void sockets_are_left_out_with_a_warning(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "a", "");
    cleanup_close int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    snprintf(address.sun_path, sizeof address.sun_path, "/proc/self/fd/%d/s", fixture->fd);
    assert_int_equal(bind(fd, (struct sockaddr *)&address, sizeof address), 0);
    open_context(fixture);
    cleanup_inode struct inode *all = load(fixture, ".");
    assert_int_equal(all->child_count, 1);
    assert_int_equal(fixture->warnings.count, 1);
    check_refused(fixture, "s", "a socket");
}

static void excluded_files_are_not_there(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, ".dockerignore", "*.o\nd\n!d/keep\ngone\n");
    put_file(fixture, "a.o", "");
    put_file(fixture, "d/keep", "");
    put_file(fixture, "d/drop", "");
    put_file(fixture, "gone/x", "");
    assert_int_equal(symlinkat("a.o", fixture->fd, "link"), 0);
    open_context(fixture);
    check_refused(fixture, "a.o", "a.o: not in the build context: .dockerignore excludes it");
    check_refused(fixture, "link", ".dockerignore excludes it");
    check_refused(fixture, "gone", ".dockerignore excludes it");
    check_refused(fixture, "gone/x", ".dockerignore excludes it");
    cleanup_inode struct inode *all = load(fixture, ".");
    assert_null(find(all, "a.o"));
    assert_null(find(all, "gone"));
    assert_null(find(all, "d/drop"));
    assert_non_null(find(all, "d/keep"));
}

static void containerignore_comes_before_dockerignore(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, ".dockerignore", "a\n");
    put_file(fixture, ".containerignore", "b\n");
    put_file(fixture, "a", "");
    put_file(fixture, "b", "");
    open_context(fixture);
    cleanup_inode struct inode *a = load(fixture, "a");
    assert_non_null(a);
    check_refused(fixture, "b", ".containerignore excludes it");
}

static int read_ignore(struct fixture *fixture, const char *spec)
{
    fixture_reset(fixture);
    cleanup_free char *path = xasprintf("%s/context", fixture->temporary.path);
    cleanup_free char *beside = spec != NULL ? xasprintf("%s/%s", fixture->temporary.path, spec) : NULL;
    assert_int_equal(context_open(&fixture->context, path, 0, &fixture->warnings, &fixture->error), 0);
    return context_read_ignore(&fixture->context, beside, &fixture->error);
}

static void an_ignore_file_beside_the_spec_comes_first(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, ".containerignore", "a\n");
    put_file(fixture, "a", "");
    put_file(fixture, "b", "");
    put_file(fixture, "c", "");
    temporary_write_text(&fixture->temporary, "specs/one.dockerignore", "b\n");
    temporary_write_text(&fixture->temporary, "specs/one.containerignore", "c\n");
    temporary_write_text(&fixture->temporary, "specs/two.containerignore", "c\n");
    static const char *const specs[] = {NULL, "specs/one", "specs/two", "specs/none"};
    static const char *const excluded[] = {"a", "b", "c", "a"};
    for (size_t i = 0; i < sizeof specs / sizeof *specs; i++) {
        assert_int_equal(read_ignore(fixture, specs[i]), 0);
        for (const char *const *name = (const char *const[]){"a", "b", "c", NULL}; *name != NULL; name++)
            assert_int_equal(ignore_excludes(&fixture->context.ignore, *name),
                             strcmp(*name, excluded[i]) == 0);
    }
    assert_int_equal(read_ignore(fixture, "specs/one"), 0);
    check_refused(fixture, "b", "specs/one.dockerignore excludes it");
}

static void an_ignore_file_is_a_regular_file(void **state)
{
    struct fixture *fixture = *state;
    assert_int_equal(mkfifoat(fixture->fd, ".dockerignore", 0600), 0);
    assert_int_equal(read_ignore(fixture, NULL), -1);
    assert_non_null(strstr(fixture->error.message, ".dockerignore: not a regular file"));
    assert_int_equal(symlinkat("nowhere", fixture->fd, ".containerignore"), 0);
    assert_int_equal(read_ignore(fixture, NULL), -1);
    assert_string_equal(fixture->error.message, ".containerignore: a symlink that leads nowhere");
    assert_int_equal(mkfifoat(fixture->temporary.fd, "spec.dockerignore", 0600), 0);
    assert_int_equal(read_ignore(fixture, "spec"), -1);
    assert_non_null(strstr(fixture->error.message, "/spec.dockerignore: not a regular file"));
}

static void errors_of_an_ignore_file_have_their_location(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, ".dockerignore", "a\n[\n");
    assert_int_equal(read_ignore(fixture, NULL), -1);
    assert_int_equal(strncmp(fixture->error.message, ".dockerignore:2: ", 17), 0);
    put_bytes(fixture, ".dockerignore", "a\n\0b\n", 5);
    assert_int_equal(read_ignore(fixture, NULL), -1);
    assert_string_equal(fixture->error.message, ".dockerignore:2: a NUL byte; an ignore file is text");
}

static void wildcards_match_components_in_byte_order(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "b.txt", "");
    put_file(fixture, "a.txt", "");
    put_file(fixture, "c.md", "");
    put_file(fixture, "x/1/f", "");
    put_file(fixture, "x/2/f", "");
    put_file(fixture, "x/3/g", "");
    put_file(fixture, "a[0]", "");
    open_context(fixture);
    check_glob(fixture, "*.txt", "a.txt b.txt");
    check_glob(fixture, "/*.txt", "a.txt b.txt");
    check_glob(fixture, "x/*/f", "x/1/f x/2/f");
    check_glob(fixture, "x/[13]/*", "x/1/f x/3/g");
    check_glob(fixture, "./x/*/", "x/1 x/2 x/3");
    check_glob(fixture, "a[[]0]", "a[0]");
    check_glob(fixture, "none*", "");
    check_glob(fixture, "a.txt/*", "");
    check_glob(fixture, "plain/../name", "plain/../name");
}

static void an_earlier_output_in_the_context_is_left_out(void **state)
{
    struct fixture *fixture = *state;
    put_file(fixture, "image/index.json", "");
    put_file(fixture, "a", "");
    open_context(fixture);
    cleanup_free char *path = xasprintf("%s/context/image", fixture->temporary.path);
    context_skip(&fixture->context, path);
    cleanup_inode struct inode *all = load(fixture, ".");
    assert_int_equal(all->child_count, 1);
    check_refused(fixture, "image", "image: not in the build context: the image goes there");
    assert_int_equal(fixture->error.kind, ERROR_KIND_EXCLUDED); /* so a wildcard passes over it */
}

static void deep_directories_need_few_descriptors(void **state)
{
    struct fixture *fixture = *state;
    int fd = dup(fixture->fd);
    for (int i = 0; i < 1500; i++) { /* more than a process may usually open; below PATH_MAX */
        assert_int_equal(mkdirat(fd, "d", 0755), 0);
        int next = openat(fd, "d", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        close(fd);
        fd = next;
    }
    close(fd);
    open_context(fixture);
    cleanup_inode struct inode *all = load(fixture, ".");
    assert_non_null(all);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_setup, fixture_teardown)
    const struct CMUnitTest tests[] = {
        TEST(a_file_comes_with_its_mode_and_without_its_owner_and_time),
        TEST(a_directory_comes_with_all_below_it),
        TEST(the_context_itself_is_a_directory),
        TEST(nothing_leads_out_of_the_context),
        TEST(a_symlink_that_is_named_is_followed),
        TEST(hard_links_are_kept_until_the_instruction_ends),
        TEST(attributes_of_the_file_are_kept_and_the_hosts_are_not),
        TEST(sockets_are_left_out_with_a_warning),
        TEST(excluded_files_are_not_there),
        TEST(containerignore_comes_before_dockerignore),
        TEST(an_ignore_file_beside_the_spec_comes_first),
        TEST(an_ignore_file_is_a_regular_file),
        TEST(errors_of_an_ignore_file_have_their_location),
        TEST(wildcards_match_components_in_byte_order),
        TEST(an_earlier_output_in_the_context_is_left_out),
        TEST(deep_directories_need_few_descriptors),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
