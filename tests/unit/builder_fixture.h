/* A build context under a temporary directory, and the execution of a spec in it, for the builder's unit
 * tests. */
#ifndef TESTS_UNIT_BUILDER_FIXTURE_H
#define TESTS_UNIT_BUILDER_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "builder/stage/archive.h"
#include "builder/stage/build.h"
#include "formats/cleanup.h"
#include "formats/file.h"
#include "formats/memory.h"

struct fixture {
    char directory[64]; /* holds "context" and whatever a test puts beside it */
    int fd;             /* of the directory "context" */
    struct strings warnings;
    struct context context;
    struct spec spec;
    struct build_options options;
    struct build build;
    struct image image;
    struct error error;
};

static inline int fixture_remove_(const char *path, const struct stat *status, int type, struct FTW *walk)
{
    (void)status;
    (void)type;
    (void)walk;
    return remove(path);
}

static inline int fixture_setup(void **state)
{
    struct fixture *fixture = xcalloc(1, sizeof *fixture);
    fixture->context = CONTEXT_NONE;
    strcpy(fixture->directory, "/tmp/urunc-unit-XXXXXX");
    assert_non_null(mkdtemp(fixture->directory));
    cleanup_free char *path = xasprintf("%s/context", fixture->directory);
    assert_int_equal(mkdir(path, 0755), 0);
    fixture->fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    assert_true(fixture->fd >= 0);
    *state = fixture;
    return 0;
}

static inline void fixture_reset(struct fixture *fixture)
{
    image_free(&fixture->image);
    build_end(&fixture->build);
    spec_free(&fixture->spec);
    context_close(&fixture->context);
    strings_free(&fixture->warnings);
    error_clear(&fixture->error);
    fixture->image = (struct image){0};
}

static inline int fixture_teardown(void **state)
{
    struct fixture *fixture = *state;
    fixture_reset(fixture);
    close(fixture->fd);
    nftw(fixture->directory, fixture_remove_, 16, FTW_DEPTH | FTW_PHYS);
    free(fixture);
    return 0;
}

/* Writes a file of the context, and makes the directories on the way. */
static inline void put_file(struct fixture *fixture, const char *path, const char *content)
{
    cleanup_free char *copy = xstrdup(path);
    for (char *slash = strchr(copy, '/'); slash != NULL; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdirat(fixture->fd, copy, 0755);
        *slash = '/';
    }
    cleanup_close int fd = openat(fixture->fd, path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, 0644), 0);
    assert_int_equal(write(fd, content, strlen(content)), (ssize_t)strlen(content));
}

static inline void put_bytes(struct fixture *fixture, const char *path, const void *bytes, size_t length)
{
    put_file(fixture, path, "");
    cleanup_close int fd = openat(fixture->fd, path, O_WRONLY | O_CLOEXEC);
    assert_int_equal(write(fd, bytes, length), (ssize_t)length);
}

/* The smallest file that is an ELF kernel for amd64. */
static inline void put_kernel(struct fixture *fixture, const char *path)
{
    unsigned char elf[64] = {0x7f, 'E', 'L', 'F', 2, 1, 1};
    elf[16] = 2;  /* e_type: EXEC */
    elf[18] = 62; /* e_machine: x86-64 */
    elf[20] = 1;  /* e_version */
    elf[52] = 64; /* e_ehsize */
    elf[54] = 56; /* e_phentsize */
    put_bytes(fixture, path, elf, sizeof elf);
}

static inline void open_context(struct fixture *fixture)
{
    cleanup_free char *path = xasprintf("%s/context", fixture->directory);
    assert_int_equal(
        context_open(&fixture->context, path, fixture->options.time, &fixture->warnings, &fixture->error), 0);
}

/* Parses the spec "Containerfile" and executes its last stage. NULL and fixture->error. */
static inline struct stage *run_spec(struct fixture *fixture, const char *text)
{
    fixture_reset(fixture);
    open_context(fixture);
    if (spec_parse(&fixture->spec, "Containerfile", text, strlen(text), &fixture->error) < 0)
        return NULL;
    build_begin(&fixture->build, &fixture->spec, &fixture->context, &fixture->options, fixture->fd);
    struct stage *stage = build_stages(&fixture->build, &fixture->error);
    if (stage == NULL || archives_write(&fixture->build, stage, &fixture->error) < 0)
        return NULL;
    return stage;
}

/* The same up to a complete image. */
static inline int run_build(struct fixture *fixture, const char *text)
{
    fixture_reset(fixture);
    open_context(fixture);
    if (spec_parse(&fixture->spec, "Containerfile", text, strlen(text), &fixture->error) < 0)
        return -1;
    return build_image(&fixture->spec, &fixture->context, &fixture->options, fixture->fd, &fixture->image,
                       &fixture->error);
}

/* The error begins with "Containerfile:LINE: " and has the text in it, on one line. */
static inline void assert_error(struct fixture *fixture, int line, const char *text)
{
    assert_non_null(fixture->error.message);
    cleanup_free char *place = xasprintf("Containerfile:%d: ", line);
    if (strncmp(fixture->error.message, place, strlen(place)) != 0 ||
        strstr(fixture->error.message, text) == NULL)
        fail_msg("got \"%s\", expected \"%s...%s...\"", fixture->error.message, place, text);
    assert_null(strchr(fixture->error.message, '\n'));
}

static inline struct stage *assert_runs(struct fixture *fixture, const char *text)
{
    struct stage *stage = run_spec(fixture, text);
    if (stage == NULL)
        fail_msg("%s", fixture->error.message);
    return stage;
}

static inline void assert_fails(struct fixture *fixture, const char *spec, int line, const char *text)
{
    assert_null(run_spec(fixture, spec));
    assert_error(fixture, line, text);
}

static inline struct inode *find(struct inode *root, const char *path)
{
    cleanup_error struct error error = {0};
    return tree_lookup(root, path, TREE_NOFOLLOW, &error);
}

static inline void assert_content(struct inode *root, const char *path, const char *expected)
{
    cleanup_error struct error error = {0};
    struct inode *inode = find(root, path);
    if (inode == NULL)
        fail_msg("%s: not there", path);
    assert_true(S_ISREG(inode->mode));
    cleanup_buffer struct buffer text = {0};
    if (inode->content != NULL) {
        cleanup_close int fd = content_open(inode->content, &error);
        assert_true(fd >= 0);
        assert_int_equal(read_all(fd, 1 << 20, &text, path, &error), 0);
    }
    assert_string_equal(text.data != NULL ? text.data : "", expected);
}

#endif
