/* config.json's mounts: any JSON is read or refused with one line, and what is read has what its header
 * promises, whichever way is chosen for it. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "runtime/bundle/mount_way.h"
#include "tests/fuzz/fuzz.h"

static void check_mount(const struct bundle_mount *mount, unsigned bits)
{
    static const mode_t types[] = {S_IFREG, S_IFDIR, S_IFBLK, S_IFCHR, S_IFIFO, S_IFSOCK, 0, S_IFLNK};
    struct error error = {0};
    enum mount_way way = MOUNT_WAY_OWN;
    const struct mount_source source = {
        .type = types[bits & 7], .holds_a_system = bits & 8, .fits = bits & 16};
    const struct mount_abilities abilities = {
        .archive = bits & 32, .tmpfs = bits & 64, .disks = bits & 128, .shares = bits & 256};
    CHECK(mount->destination[0] == '/' && strstr(mount->destination, "//") == NULL);
    CHECK(mount->type != NULL && mount->fd == -1);
    CHECK(!mount->bind || mount->source[0] == '/');
    int chosen = mount_way_choose(mount, &source, &abilities, &way, &error);
    CHECK((chosen < 0) == (error.message != NULL));
    CHECK(chosen < 0 || way != MOUNT_WAY_ARCHIVE || (abilities.archive && source.fits));
    CHECK(chosen < 0 || way != MOUNT_WAY_SHARE || (abilities.shares && source.type == S_IFDIR));
    CHECK(chosen < 0 || way != MOUNT_WAY_DISK || abilities.disks);
    CHECK(chosen < 0 || way != MOUNT_WAY_ARCHIVE || mount_may_be_copied(mount));
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct bundle_mounts mounts;
    cleanup_json json_t *config = json_loadb((const char *)data, size, 0, NULL);
    if (config == NULL || !json_is_object(config))
        return 0;
    if (bundle_mounts_read(config, "/bundle", "config.json", &mounts, &error) < 0) {
        CHECK(error.message != NULL && strchr(error.message, '\n') == NULL && mounts.count == 0);
        error_clear(&error);
        return 0;
    }
    for (size_t i = 0; i < mounts.count; i++)
        for (unsigned bits = 0; bits < 512; bits++)
            check_mount(&mounts.items[i], bits);
    bundle_mounts_free(&mounts);
    return 0;
}
