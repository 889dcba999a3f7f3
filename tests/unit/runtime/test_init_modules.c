/* urunc's init finds modules and loads them in order, with a kernel of our own. */
#include "tests/unit/fixtures/temporary.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

static int load_into_kernel(int fd, int flags);
#define syscall(number, fd, options, flags) load_into_kernel((fd), (flags))

/* Compiled for the guest otherwise. */
#include "runtime/init/files.c"
#include "runtime/init/machine/module_index.c"
#include "runtime/init/machine/modules.c"

static char loaded[1024]; /* names with a blank behind each, in their order */
static char complaint[1024];
static bool can_decompress;

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(complaint, sizeof complaint, format, arguments);
    va_end(arguments);
}

static bool is_loaded(const char *name)
{
    char word[64];
    snprintf(word, sizeof word, "%s ", name);
    return strstr(loaded, word) != NULL;
}

/* A module's file holds its name and the names that it needs. */
static int load_into_kernel(int fd, int flags)
{
    char text[256] = "";
    if (flags != 0 && !can_decompress) {
        errno = EOPNOTSUPP;
        return -1;
    }
    assert_true(pread(fd, text, sizeof text - 1, 0) > 0);
    char *rest = text;
    const char *name = strsep(&rest, " ");
    for (char *need = strsep(&rest, " "); need != NULL; need = strsep(&rest, " ")) {
        if (!is_loaded(need) && strncmp(need, "depends=", 8) != 0) {
            errno = ENOENT; /* as for an unknown symbol */
            return -1;
        }
    }
    if (is_loaded(name)) {
        errno = EEXIST;
        return -1;
    }
    strcat(strcat(loaded, name), " ");
    return 0;
}

/* An index of files that were written into the temporary directory. */
static struct module_index index_of(struct temporary *temporary, const char *const files[][2])
{
    struct module_index index = {0};
    loaded[0] = complaint[0] = '\0';
    can_decompress = true;
    snprintf(index.directory, sizeof index.directory, "%s", temporary->path);
    for (size_t i = 0; files[i][0] != NULL; i++) {
        temporary_write_text(temporary, files[i][0], files[i][1]);
        add_module(&index, strdup(files[i][0]), NULL);
    }
    return index;
}

static void index_free(struct module_index *index)
{
    for (size_t i = 0; i < index->count; i++)
        free(index->modules[i].path);
    free(index->modules);
}

static void modules_are_found_by_name_and_by_file(void **state)
{
    static const char *const files[][2] = {
        {"virtio.ko", "virtio"}, {"virtio_blk.ko.xz", "virtio_blk"}, {"snd-hda.ko", "snd_hda"}, {NULL}};
    struct module_index index = index_of(*state, files);
    assert_ptr_equal(module_index_find(&index, "virtio-blk"), &index.modules[1]);
    assert_ptr_equal(module_index_find(&index, "kernel/drivers/virtio_blk.ko"), &index.modules[1]);
    assert_ptr_equal(module_index_find(&index, "snd_hda"), &index.modules[2]);
    assert_null(module_index_find(&index, "virtio_b"));
    index_free(&index);
}

static void what_modules_dep_lists_is_loaded_first(void **state)
{
    static const char *const files[][2] = {{"a.ko", "a b"}, {"b.ko", "b c"}, {"c.ko", "c"}, {NULL}};
    struct module_index index = index_of(*state, files);
    static char needs[][12] = {"b.ko c.ko", "c.ko", ""};
    for (size_t i = 0; i < 3; i++)
        index.modules[i].needs = needs[i];
    load_named(&index, "a");
    assert_string_equal(loaded, "c b a ");
    assert_string_equal(complaint, "");
    index_free(&index);
}

static void compressed_modules_without_modules_dep_find_their_order(void **state)
{
    static const char *const files[][2] = {{"a.ko.xz", "a b"}, {"b.ko.xz", "b c d"},  {"c.ko.xz", "c"},
                                           {"d.ko.xz", "d c"}, {"e.ko.xz", "e lost"}, {NULL}};
    struct module_index index = index_of(*state, files);
    load_all(&index);
    assert_string_equal(loaded, "c d b a ");
    index_free(&index);
}

static void a_module_that_cannot_be_loaded_says_why(void **state)
{
    static const char *const files[][2] = {{"a.ko.xz", "a b"}, {"b.ko.xz", "b"}, {NULL}};
    struct module_index index = index_of(*state, files);
    load_named(&index, "a");
    assert_string_equal(complaint, "/etc/modules: a: what it needs is not loaded: does modules.dep list it?");
    can_decompress = false;
    load_named(&index, "b");
    assert_string_equal(complaint,
                        "/etc/modules: b: this kernel does not decompress modules: put the plain .ko there");
    unlinkat(((struct temporary *)*state)->fd, "b.ko.xz", 0);
    index.modules[1].done = false;
    load_named(&index, "b");
    assert_string_equal(complaint, "/etc/modules: b: No such file or directory");
    load_named(&index, "c");
    assert_non_null(strstr(complaint, "/etc/modules: c: not below "));
    index_free(&index);
}

/* An index that is read from the temporary directory, as from /lib/modules/<release>. */
static struct module_index read_index(struct temporary *temporary)
{
    struct module_index index = {0};
    loaded[0] = complaint[0] = '\0';
    can_decompress = true;
    snprintf(index.directory, sizeof index.directory, "%s", temporary->path);
    read_directory(&index);
    return index;
}

static void modules_dep_is_the_index_where_it_is(void **state)
{
    temporary_write_text(*state, "modules.dep", "kernel/a.ko: kernel/b.ko\nnot a line\nkernel/b.ko:\n");
    temporary_write_text(*state, "kernel/a.ko", "a b");
    temporary_write_text(*state, "kernel/b.ko", "b");
    temporary_write_text(*state, "kernel/unlisted.ko", "unlisted");
    struct module_index index = read_index(*state);
    assert_int_equal(index.count, 2);
    assert_string_equal(index.modules[0].path, "kernel/a.ko");
    assert_string_equal(index.modules[0].needs, " kernel/b.ko");
    load_all(&index);
    assert_string_equal(loaded, "b a ");
    free(index.modules[0].path); /* the text of modules.dep, whose first line it is */
    free(index.modules);
}

static void without_modules_dep_the_tree_is_walked_and_modules_are_asked(void **state)
{
    static const char a[] = "a b c\0depends=b,c\0", not_it[] = "c\0xdepends=b";
    temporary_write(*state, "kernel/drivers/a.ko", a, sizeof a);
    temporary_write_text(*state, "kernel/b.ko.gz", "b");
    temporary_write(*state, "kernel/c.ko", not_it, sizeof not_it);
    temporary_write_text(*state, "kernel/.hidden.ko", "hidden");
    temporary_write_text(*state, "kernel/notes.kosher", "notes");
    struct module_index index = read_index(*state);
    assert_int_equal(index.count, 3);
    load_named(&index, "a");
    assert_string_equal(complaint, "");
    assert_string_equal(loaded, "c b a ");
    index_free(&index);
}

static void built_in_modules_are_no_complaint(void **state)
{
    struct temporary *temporary = *state;
    temporary_write_text(temporary, "modules.builtin", "kernel/fs/ext4.ko\nkernel/virtio-pci.ko\n");
    struct module_index index = read_index(temporary);
    load_named(&index, "virtio_pci");
    assert_string_equal(complaint, "");
    load_named(&index, "virtio");
    assert_non_null(strstr(complaint, "/etc/modules: virtio: not below "));
    index_free(&index);
}

static void a_list_names_what_is_loaded(void **state)
{
    static const char *const files[][2] = {{"a.ko", "a"}, {"b.ko", "b"}, {"c.ko", "c"}, {NULL}};
    struct module_index index = index_of(*state, files);
    temporary_write_text(*state, "list", "# none of c\n\n\t b # because\r\na option=1\n");
    cleanup_free char *list = xasprintf("%s/list", index.directory);
    load_listed(&index, list);
    assert_string_equal(loaded, "b a ");
    assert_string_equal(complaint, "");
    list[strlen(list) - 1] = 'x'; /* a list that is not there */
    load_listed(&index, list);
    assert_string_equal(loaded, "b a c ");
    index_free(&index);
}

static void files_are_read_whole_and_replaced(void **state)
{
    struct temporary *temporary = *state;
    cleanup_free char *path = xasprintf("%s/file", temporary->path);
    cleanup_free char *long_text = xcalloc(1, 100001);
    memset(long_text, 'x', 100000);
    assert_int_equal(write_text(path, long_text), 0);
    size_t size = 0;
    cleanup_free char *read = read_whole(path, &size);
    assert_int_equal(size, 100000);
    assert_string_equal(read, long_text);
    assert_int_equal(write_text(path, "short"), 0);
    char text[4];
    assert_int_equal(read_text(path, text, sizeof text), 3);
    assert_string_equal(text, "sho");
    assert_int_equal(write_text("/dev/null/x", "y"), -1);
    assert_null(read_whole("/dev/null/x", NULL));
}

static void directories_are_made_with_those_above(void **state)
{
    struct temporary *temporary = *state;
    struct stat status;
    cleanup_free char *path = xasprintf("%s/a/b//c", temporary->path);
    assert_int_equal(make_directories(path), 0);
    assert_int_equal(make_directories(path), 0);
    assert_int_equal(fstatat(temporary->fd, "a/b/c", &status, 0), 0);
    assert_true(S_ISDIR(status.st_mode));
    assert_int_equal(make_directories("/dev/null/x"), -1);
    assert_int_equal(errno, ENOTDIR);
}

static void no_directory_has_an_empty_name(void **state)
{
    (void)state;
    assert_int_equal(make_directories(""), -1);
    assert_int_equal(errno, ENOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(modules_are_found_by_name_and_by_file),
        with_temporary(what_modules_dep_lists_is_loaded_first),
        with_temporary(compressed_modules_without_modules_dep_find_their_order),
        with_temporary(a_module_that_cannot_be_loaded_says_why),
        with_temporary(modules_dep_is_the_index_where_it_is),
        with_temporary(without_modules_dep_the_tree_is_walked_and_modules_are_asked),
        with_temporary(built_in_modules_are_no_complaint),
        with_temporary(a_list_names_what_is_loaded),
        with_temporary(files_are_read_whole_and_replaced),
        with_temporary(directories_are_made_with_those_above),
        cmocka_unit_test(no_directory_has_an_empty_name),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
