/* Images of rootfs that are made and kept: found again, made anew, and never named for what they do not hold.
 * The linker puts __wrap_ext2_write in the place of the writer (tests/CMakeLists.txt). */
#include "runtime/storage/rootfs_cache.h"

#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/ext2/ext2.h"
#include "tests/unit/fixtures/temporary.h"

int __real_ext2_write(struct inode *root, int fd, const char *name, const struct ext2_options *options,
                      struct error *error);
int __wrap_ext2_write(struct inode *root, int fd, const char *name, const struct ext2_options *options,
                      struct error *error);

static const struct temporary *changed; /* a file of its rootfs is changed while the image is written */

int __wrap_ext2_write(struct inode *root, int fd, const char *name, const struct ext2_options *options,
                      struct error *error)
{
    int status = __real_ext2_write(root, fd, name, options, error);
    if (changed != NULL)
        temporary_write_text(changed, "rootfs/file", "of somebody else");
    return status;
}

struct cache {
    struct rootfs_cache_config config;
    struct namespaces namespaces;
    struct rootfs_source source;
    int fd;
};

static struct cache open_cache(const struct temporary *temporary)
{
    cleanup_error struct error error = {0};
    changed = NULL;
    mkdirat(temporary->fd, "rootfs", 0755);
    temporary_write_text(temporary, "rootfs/file", "text");
    struct cache cache = {
        .config = {.path = xasprintf("%s/cache", temporary->path), .size = 1 << 30, .free = 1 << 20}};
    cache.fd = rootfs_cache_open(&cache.config, &error);
    assert_true(cache.fd >= 0);
    int root = openat(temporary->fd, "rootfs", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cache.source = (struct rootfs_source){.name = "rootfs", .mounted = root, .root = root};
    return cache;
}

static void close_cache(struct cache *cache)
{
    close(cache->fd);
    close(cache->source.root);
    free(cache->config.path);
}

static int take_image(struct cache *cache, bool *made, struct error *error)
{
    struct rootfs_image image;
    cache->source.namespaces = &cache->namespaces;
    int status = rootfs_cache_take(cache->fd, &cache->config, &cache->source, &image, error);
    *made = image.made;
    if (image.fd >= 0)
        close(image.fd);
    return status;
}

static unsigned count_images(const struct temporary *temporary)
{
    unsigned count = 0;
    int fd = openat(temporary->fd, "cache", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_closedir DIR *directory = fdopendir(fd);
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;)
        count += strstr(entry->d_name, ".ext2") != NULL;
    return count;
}

static void an_image_is_made_once_for_each_content(void **state)
{
    bool made = false;
    cleanup_error struct error error = {0};
    struct cache cache = open_cache(*state);
    assert_int_equal(take_image(&cache, &made, &error), 0);
    assert_true(made);
    assert_int_equal(take_image(&cache, &made, &error), 0);
    assert_false(made);
    temporary_write_text(*state, "rootfs/other", "more");
    assert_int_equal(take_image(&cache, &made, &error), 0);
    assert_true(made);
    assert_int_equal(count_images(*state), 2);
    close_cache(&cache);
}

static void a_tree_that_changes_while_it_is_read_gets_no_image(void **state)
{
    bool made = false;
    cleanup_error struct error error = {0};
    struct cache cache = open_cache(*state);
    changed = *state;
    assert_int_equal(take_image(&cache, &made, &error), -1);
    assert_string_equal(error.message, "rootfs: the rootfs was changed while its image was made");
    assert_int_equal(count_images(*state), 0);
    close_cache(&cache);
}

static void what_does_not_fit_is_the_callers_own(void **state)
{
    cleanup_error struct error error = {0};
    struct rootfs_image image;
    struct cache cache = open_cache(*state);
    cache.config.size = 4096;
    cache.source.namespaces = &cache.namespaces;
    assert_int_equal(rootfs_cache_take(cache.fd, &cache.config, &cache.source, &image, &error), 0);
    assert_true(image.own);
    assert_int_equal(fcntl(image.fd, F_GETFL) & O_ACCMODE, O_RDWR);
    assert_int_equal(count_images(*state), 0);
    close(image.fd);
    close_cache(&cache);
}

static void a_directory_that_others_can_open_is_refused(void **state)
{
    cleanup_error struct error error = {0};
    struct cache cache = open_cache(*state);
    assert_int_equal(fchmod(cache.fd, 0750), 0);
    assert_int_equal(rootfs_cache_open(&cache.config, &error), -1);
    assert_non_null(strstr(error.message, "make it mode 0700"));
    close_cache(&cache);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        with_temporary(an_image_is_made_once_for_each_content),
        with_temporary(a_tree_that_changes_while_it_is_read_gets_no_image),
        with_temporary(what_does_not_fit_is_the_callers_own),
        with_temporary(a_directory_that_others_can_open_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
