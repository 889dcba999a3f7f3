/* Kept seccomp filters: one that fits is taken, and nothing else is. */
#include "runtime/process/seccomp_cache.h"

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/stream/digest.h"
#include "tests/unit/fixtures/temporary.h"

#define PROFILE                                                                                              \
    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getppid\"],"                          \
    "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":42}]}"
#define OTHER_PROFILE                                                                                        \
    "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getuid\"],"                           \
    "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":43}]}"

static struct seccomp_filter *find(const struct temporary *temporary, const char *text)
{
    cleanup_error struct error error = {0};
    cleanup_json json_t *profile = json_loads(text, 0, NULL);
    struct seccomp_filter *filter = NULL;
    assert_int_equal(seccomp_find(temporary->path, profile, &filter, &error), 0);
    assert_non_null(filter);
    return filter;
}

static void assert_same(const struct seccomp_filter *one, const struct seccomp_filter *other)
{
    uint32_t flags, other_flags;
    size_t length, other_length;
    const void *program = seccomp_filter_program(one, &flags, &length);
    const void *other_program = seccomp_filter_program(other, &other_flags, &other_length);
    assert_int_equal(flags, other_flags);
    assert_int_equal(length, other_length);
    assert_memory_equal(program, other_program, length);
}

/* What the profile is compiled to without any file. */
static struct seccomp_filter *compile(const char *text)
{
    cleanup_error struct error error = {0};
    cleanup_json json_t *profile = json_loads(text, 0, NULL);
    struct seccomp_filter *filter = NULL;
    assert_int_equal(seccomp_compile(profile, &filter, &error), 0);
    return filter;
}

/* The name of the only file; the text holds all of it. */
static void read_only_file(const struct temporary *temporary, char *name, struct buffer *text)
{
    cleanup_error struct error error = {0};
    DIR *directory = opendir(temporary->path);
    assert_non_null(directory);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        if (entry->d_name[0] != '.' && ++count == 1)
            strcpy(name, entry->d_name);
    closedir(directory);
    assert_int_equal(count, 1);
    assert_int_equal(strncmp(name, "seccomp@", 8), 0);
    assert_int_equal(read_file(temporary->fd, name, 1 << 20, text, &error), 0);
}

/* Replaces the filter in the file by that of the other profile, so that whoever takes the file is seen. */
static void exchange(const struct temporary *temporary, char *name, struct buffer *file)
{
    cleanup_buffer struct buffer whole = {0};
    read_only_file(temporary, name, &whole);
    size_t key = (size_t)((char *)memchr(whole.data, '\n', whole.length) - whole.data) + 1;
    cleanup_seccomp struct seccomp_filter *other = compile(OTHER_PROFILE);
    uint32_t flags;
    size_t length;
    const void *program = seccomp_filter_program(other, &flags, &length);
    cleanup_buffer struct buffer rest = {0};
    buffer_add(&rest, &flags, sizeof flags);
    buffer_add(&rest, program, length);
    struct digest digest;
    digest_of(rest.data, rest.length, &digest);
    buffer_add(file, whole.data, key);
    buffer_add(file, digest.text, sizeof digest.text);
    buffer_add(file, rest.data, rest.length);
    write_file_at(temporary->fd, name, file->data, file->length);
}

/* The file there is not taken, and a good one stands in its place afterwards. */
static void assert_compiled_anew(const struct temporary *temporary)
{
    cleanup_seccomp struct seccomp_filter *expected = compile(PROFILE);
    cleanup_seccomp struct seccomp_filter *filter = find(temporary, PROFILE);
    assert_same(filter, expected);
    cleanup_seccomp struct seccomp_filter *again = find(temporary, PROFILE);
    assert_same(again, expected);
}

static void a_kept_filter_is_taken(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_seccomp struct seccomp_filter *first = find(temporary, PROFILE);
    cleanup_seccomp struct seccomp_filter *again = find(temporary, PROFILE);
    assert_same(first, again);
    char name[NAME_MAX + 1];
    cleanup_buffer struct buffer file = {0};
    exchange(temporary, name, &file);
    cleanup_seccomp struct seccomp_filter *taken = find(temporary, PROFILE);
    cleanup_seccomp struct seccomp_filter *other = compile(OTHER_PROFILE);
    assert_same(taken, other);
}

static void that_of_another_profile_is_not(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_seccomp struct seccomp_filter *first = find(temporary, PROFILE);
    assert_non_null(first);
    char name[NAME_MAX + 1];
    cleanup_buffer struct buffer file = {0};
    exchange(temporary, name, &file);
    file.data[strlen("sha256:")] ^= 1; /* the digest of some other profile */
    write_file_at(temporary->fd, name, file.data, file.length);
    assert_compiled_anew(temporary);
}

static void that_of_another_compiler_or_kernel_is_not(void **state)
{
    const struct temporary *temporary = *state;
    static const char *const words[] = {"urunc ", "libseccomp ", "Linux "};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        cleanup_seccomp struct seccomp_filter *first = find(temporary, PROFILE);
        assert_non_null(first);
        char name[NAME_MAX + 1];
        cleanup_buffer struct buffer file = {0};
        exchange(temporary, name, &file);
        char *word = strstr(file.data, words[i]);
        assert_non_null(word);
        word[strlen(words[i])] ^= 1;
        write_file_at(temporary->fd, name, file.data, file.length);
        assert_compiled_anew(temporary);
    }
}

static void a_damaged_one_is_not(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_seccomp struct seccomp_filter *expected = find(temporary, PROFILE);
    char name[NAME_MAX + 1];
    cleanup_buffer struct buffer file = {0};
    exchange(temporary, name, &file);
    for (size_t length = 0; length < file.length; length += length < file.length - 16 ? 7 : 1) {
        write_file_at(temporary->fd, name, file.data, length);
        cleanup_seccomp struct seccomp_filter *filter = find(temporary, PROFILE);
        assert_same(filter, expected);
    }
    for (size_t i = 0; i < file.length; i += 5) {
        file.data[i] ^= 1;
        write_file_at(temporary->fd, name, file.data, file.length);
        cleanup_seccomp struct seccomp_filter *filter = find(temporary, PROFILE);
        assert_same(filter, expected);
        file.data[i] ^= 1;
    }
}

static void one_that_others_may_write_to_is_not(void **state)
{
    const struct temporary *temporary = *state;
    static const mode_t modes[] = {0664, 0646};
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++) {
        cleanup_seccomp struct seccomp_filter *first = find(temporary, PROFILE);
        assert_non_null(first);
        char name[NAME_MAX + 1];
        cleanup_buffer struct buffer file = {0};
        exchange(temporary, name, &file);
        assert_int_equal(fchmodat(temporary->fd, name, modes[i], 0), 0);
        assert_compiled_anew(temporary);
    }
}

static void one_of_another_user_is_not(void **state)
{
    const struct temporary *temporary = *state;
    if (geteuid() != 0)
        skip();
    cleanup_seccomp struct seccomp_filter *first = find(temporary, PROFILE);
    assert_non_null(first);
    char name[NAME_MAX + 1];
    cleanup_buffer struct buffer file = {0};
    exchange(temporary, name, &file);
    if (fchownat(temporary->fd, name, 1, 1, 0) < 0)
        skip();
    assert_compiled_anew(temporary);
}

static void a_symlink_to_one_is_not(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_seccomp struct seccomp_filter *first = find(temporary, PROFILE);
    assert_non_null(first);
    char name[NAME_MAX + 1];
    cleanup_buffer struct buffer file = {0};
    exchange(temporary, name, &file);
    assert_int_equal(renameat(temporary->fd, name, temporary->fd, "elsewhere"), 0);
    assert_int_equal(symlinkat("elsewhere", temporary->fd, name), 0);
    assert_compiled_anew(temporary);
}

static void a_root_that_others_may_write_to_keeps_nothing(void **state)
{
    const struct temporary *temporary = *state;
    assert_int_equal(fchmod(temporary->fd, 0777), 0);
    cleanup_seccomp struct seccomp_filter *filter = find(temporary, PROFILE);
    assert_non_null(filter);
    assert_int_equal(directory_is_empty(temporary->fd, "."), 1);
    assert_int_equal(fchmod(temporary->fd, 0700), 0);
}

static void without_a_root_it_is_compiled(void **state)
{
    (void)state;
    const struct temporary nowhere = {.path = "/nonexistent/urunc"};
    cleanup_seccomp struct seccomp_filter *expected = compile(PROFILE);
    cleanup_seccomp struct seccomp_filter *filter = find(&nowhere, PROFILE);
    assert_same(filter, expected);
}

static void nothing_is_kept_of_what_makes_no_filter(void **state)
{
    const struct temporary *temporary = *state;
    cleanup_error struct error error = {0};
    cleanup_json json_t *refused = json_pack("{s:s}", "defaultAction", "SCMP_ACT_MAYBE");
    cleanup_json json_t *unconfined = json_pack("{s:s}", "defaultAction", "SCMP_ACT_ALLOW");
    struct seccomp_filter *filter = NULL;
    assert_int_equal(seccomp_find(temporary->path, refused, &filter, &error), -1);
    assert_null(filter);
    error_clear(&error);
    assert_int_equal(seccomp_find(temporary->path, unconfined, &filter, &error), 0);
    assert_null(filter);
    assert_int_equal(seccomp_find(temporary->path, NULL, &filter, &error), 0);
    assert_null(filter);
    assert_int_equal(directory_is_empty(temporary->fd, "."), 1);
}

/* However many profiles the bundles bring. */
static void there_are_never_more_than_sixteen(void **state)
{
    const struct temporary *temporary = *state;
    for (int i = 0; i < 100; i++) {
        char text[512];
        snprintf(text, sizeof text,
                 "{\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[{\"names\":[\"getuid\"],"
                 "\"action\":\"SCMP_ACT_ERRNO\",\"errnoRet\":%d}]}",
                 i + 1);
        cleanup_seccomp struct seccomp_filter *filter = find(temporary, text);
        assert_non_null(filter);
    }
    DIR *directory = opendir(temporary->path);
    int count = 0;
    for (struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(directory);
    assert_in_range(count, 2, 16);
}

static void bytes_that_are_no_program_make_no_filter(void **state)
{
    (void)state;
    static const unsigned char bytes[8 * 4097];
    assert_null(seccomp_filter_of(0, bytes, 0));
    assert_null(seccomp_filter_of(0, bytes, 7));
    assert_null(seccomp_filter_of(0, bytes, 12));
    assert_null(seccomp_filter_of(0, bytes, sizeof bytes));
    cleanup_seccomp struct seccomp_filter *filter = seccomp_filter_of(0, bytes, sizeof bytes - 8);
    assert_non_null(filter);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(a_kept_filter_is_taken),
        with_temporary(that_of_another_profile_is_not),
        with_temporary(that_of_another_compiler_or_kernel_is_not),
        with_temporary(a_damaged_one_is_not),
        with_temporary(one_that_others_may_write_to_is_not),
        with_temporary(one_of_another_user_is_not),
        with_temporary(a_symlink_to_one_is_not),
        with_temporary(a_root_that_others_may_write_to_keeps_nothing),
        cmocka_unit_test(without_a_root_it_is_compiled),
        with_temporary(nothing_is_kept_of_what_makes_no_filter),
        with_temporary(there_are_never_more_than_sixteen),
        cmocka_unit_test(bytes_that_are_no_program_make_no_filter),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
