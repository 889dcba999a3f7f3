/* What the tests of the archive and image writers share: a temporary directory, small trees, running a tool.
 */
#ifndef FORMATS_FIXTURE_H
#define FORMATS_FIXTURE_H

#include "temporary.h"

#include <errno.h>
#include <locale.h>

#include "formats/buffer.h"
#include "formats/cleanup.h"
#include "formats/file.h"
#include "formats/memory.h"
#include "formats/tree.h"

/* Each test runs in an empty directory of its own. */
static inline int enter_temporary(void **state)
{
    if (temporary_make(state) < 0)
        return -1;
    return fchdir(((struct temporary *)*state)->fd);
}

static inline int leave_temporary(void **state)
{
    return chdir("/") < 0 ? -1 : temporary_remove(state);
}

#define temporary_test(function) cmocka_unit_test_setup_teardown(function, enter_temporary, leave_temporary)

/* Runs a shell command (tests may); its exit status. e2fsprogs lie outside of a user's PATH. */
static inline int __attribute__((format(printf, 1, 2))) run(const char *format, ...)
{
    char command[2048];
    int length = snprintf(command, sizeof command, "PATH=$PATH:/usr/sbin:/sbin LC_ALL=C; export LC_ALL; ");
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(command + length, sizeof command - (size_t)length, format, arguments);
    va_end(arguments);
    int status = system(command);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static inline void write_bytes(const char *path, const void *bytes, size_t length)
{
    struct error error = {0};
    cleanup_close int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(write_all(fd, bytes, length, path, &error), 0);
}

/* What a command writes to its stdout; owned by the caller. */
static inline char *output_of(const char *command)
{
    assert_int_equal(run("{ %s; } > output 2>&1", command), 0);
    struct buffer text = {0};
    struct error error = {0};
    assert_int_equal(read_file(AT_FDCWD, "output", 16 << 20, &text, &error), 0);
    return buffer_take(&text);
}

static inline void assert_output(const char *command, const char *expected)
{
    cleanup_free char *text = output_of(command);
    assert_string_equal(text, expected);
}

static inline void assert_output_has(const char *command, const char *expected)
{
    cleanup_free char *text = output_of(command);
    if (strstr(text, expected) == NULL)
        fail_msg("%s\n-- does not contain: %s", text, expected);
}

static inline void assert_error(struct error *error, const char *expected)
{
    assert_non_null(error->message);
    if (strstr(error->message, expected) == NULL)
        fail_msg("\"%s\" does not contain \"%s\"", error->message, expected);
    error_clear(error);
}

static inline void assert_same_file(const char *a, const char *b)
{
    assert_int_equal(run("cmp %s %s", a, b), 0);
}

/* Puts a new inode under `path` (its directories are made) and returns it, borrowed. */
static inline struct inode *put(struct inode *root, const char *path, mode_t mode)
{
    struct error error = {0};
    const char *slash = strrchr(path, '/');
    cleanup_free char *parent = slash != NULL ? xstrndup(path, (size_t)(slash - path)) : xstrdup("");
    struct inode *directory = tree_mkdirs(root, parent, 0755, 0, 0, 0, &error);
    assert_non_null(directory);
    cleanup_inode struct inode *inode = inode_new(mode);
    tree_put(directory, slash != NULL ? slash + 1 : path, inode);
    return inode;
}

static inline struct inode *put_bytes(struct inode *root, const char *path, const void *bytes, size_t length)
{
    struct inode *inode = put(root, path, S_IFREG | 0644);
    inode->content = content_of_memory(bytes, length);
    return inode;
}

static inline struct inode *put_text(struct inode *root, const char *path, const char *text)
{
    return put_bytes(root, path, text, strlen(text));
}

static inline struct inode *put_symlink(struct inode *root, const char *path, const char *target)
{
    struct inode *inode = put(root, path, S_IFLNK | 0777);
    inode->target = xstrdup(target);
    return inode;
}

static inline struct inode *new_root(void)
{
    return inode_new(S_IFDIR | 0755);
}

/* A file of `size` bytes that has none of its blocks; the content takes the descriptor over. */
static inline struct content *content_of_hole(const char *path, off_t size)
{
    struct error error = {0};
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(ftruncate(fd, size), 0);
    struct content *content = content_of_fd(fd, path, &error);
    assert_non_null(content);
    return content;
}

#endif
