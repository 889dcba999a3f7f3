/* Bundles: any config.json is read or refused with one line, hooks and the seccomp profile included. */
#include "formats/base/cleanup.h"
#include "runtime/bundle/bundle.h"
#include "runtime/bundle/hooks.h"
#include "runtime/sandbox/privileges/seccomp.h"
#include "tests/fuzz/directory.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    int directory = directory_open();
    mkdirat(directory, "rootfs", 0755);
    directory_write(directory, "config.json", data, size);
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_seccomp struct seccomp_filter *filter = NULL;
    if (bundle_open(directory_path, &bundle, &error) < 0 || bundle_read(&bundle, &error) < 0) {
        CHECK(error.message != NULL && strchr(error.message, '\n') == NULL);
    } else {
        CHECK(error.message == NULL && bundle.rootfs[0] == '/' && bundle.rootfs_fd >= 0);
        int compiled = seccomp_compile(bundle.seccomp, &filter, &error);
        CHECK((compiled < 0) == (error.message != NULL));
        free(bundle_resolv_conf(&bundle));
        for (int point = 0; point < HOOK_POINT_COUNT; point++)
            hooks_has(bundle.hooks, (enum hook_point)point);
    }
    error_clear(&error);
    return 0;
}
