#include "runtime/host/bundle_check.h"

#include <string.h>

#include "formats/base/cleanup.h"
#include "runtime/host/usable.h"
#include "runtime/process/guest/guest_setup.h"

static bool is_text(const json_t *object, const char *key, const char *text)
{
    const char *value = json_string_value(json_object_get(object, key));
    return value != NULL && strcmp(value, text) == 0;
}

/* Of the framework's usable pairs, but the bundle's own. */
static json_t *find_alternatives(const struct unikernel *unikernel, const json_t *pairs)
{
    json_t *names = json_array();
    size_t i;
    json_t *pair;
    json_array_foreach (pairs, i, pair)
        if (is_text(pair, "framework", framework_name(unikernel->framework)) &&
            !is_text(pair, "hypervisor", hypervisor_name(unikernel->hypervisor)) &&
            json_is_true(json_object_get(pair, "usable")))
            json_array_append(names, json_object_get(pair, "hypervisor"));
    return names;
}

static void check(const char *directory, const struct config *config, const json_t *pairs, json_t *object,
                  struct error *problem)
{
    cleanup_bundle struct bundle bundle = BUNDLE_NONE;
    cleanup_guest_setup struct guest_setup setup = GUEST_SETUP_NONE;
    if (bundle_open(directory, &bundle, problem) < 0)
        return;
    switch (guest_setup_read(&bundle, config, &setup.unikernel, problem)) {
    case UNIKERNEL_FAILED:
        return;
    case UNIKERNEL_ABSENT:
        error_set(problem,
                  "no unikernel: it has no annotations com.urunc.unikernel.*, so the fallback runtime "
                  "runs it");
        return;
    case UNIKERNEL_FOUND:
        break;
    }
    json_object_set_new(object, "framework", json_string(framework_name(setup.unikernel.framework)));
    json_object_set_new(object, "hypervisor", json_string(hypervisor_name(setup.unikernel.hypervisor)));
    json_object_set_new(object, "alternatives", find_alternatives(&setup.unikernel, pairs));
    if (bundle_read(&bundle, problem) == 0)
        guest_setup_open(&bundle, config, &setup, problem);
}

json_t *host_check_bundle(const char *directory, const struct config *config, const json_t *pairs)
{
    cleanup_error struct error problem = {0};
    json_t *object = json_pack("{s:s}", "bundle", directory);
    check(directory, config, pairs, object, &problem);
    set_usable(object, &problem);
    return object;
}
