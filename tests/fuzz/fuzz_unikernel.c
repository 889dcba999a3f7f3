/* Annotations: a set that is found can be written to both of its places and is the same when it is read
 * again; single ones that are laid over an image's set change nothing but what is allowed. */
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/contract/annotations.h"
#include "formats/contract/overrides.h"
#include "formats/contract/unikernel.h"
#include "formats/contract/urunc_json.h"
#include "tests/fuzz/fuzz.h"

static void check_same(const struct unikernel *unikernel, const json_t *written)
{
    struct error error = {0};
    cleanup_unikernel struct unikernel again = {0};
    CHECK(unikernel_from_json(written, "again", &again, &error) == UNIKERNEL_FOUND);
    cleanup_json json_t *one = unikernel_to_json(unikernel);
    cleanup_json json_t *other = unikernel_to_json(&again);
    CHECK(json_equal(one, other));
}

static void check_overrides(const json_t *object)
{
    struct error error = {0};
    cleanup_json json_t *image =
        json_pack("{s:s, s:s, s:s}", KEY_TYPE, "generic", KEY_HYPERVISOR, "qemu", KEY_BINARY, "/boot/kernel");
    cleanup_unikernel struct unikernel unikernel = {0};
    CHECK(unikernel_from_json(image, "image", &unikernel, &error) == UNIKERNEL_FOUND);
    bool done = unikernel_override(&unikernel, object, OVERRIDES_DEFAULT, "over", &error) == 0;
    CHECK(done == (error.message == NULL));
    CHECK(strcmp(unikernel.binary, "/boot/kernel") == 0 && unikernel.initrd == NULL);
    CHECK(unikernel.framework == FRAMEWORK_GENERIC && unikernel.hypervisor == HYPERVISOR_QEMU);
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    cleanup_unikernel struct unikernel unikernel = {0};
    cleanup_json json_t *object = json_loadb((const char *)data, size, JSON_REJECT_DUPLICATES, NULL);
    check_overrides(object);
    enum unikernel_found found = unikernel_from_json(object, "annotations", &unikernel, &error);
    CHECK((found == UNIKERNEL_FAILED) == (error.message != NULL));
    if (found == UNIKERNEL_FOUND) {
        cleanup_json json_t *plain = unikernel_to_json(&unikernel);
        cleanup_free char *text = urunc_json_write(&unikernel);
        cleanup_json json_t *encoded = json_loads(text, JSON_REJECT_DUPLICATES, NULL);
        CHECK(encoded != NULL);
        check_same(&unikernel, plain);
        check_same(&unikernel, encoded);
    }
    error_clear(&error);
    return 0;
}
