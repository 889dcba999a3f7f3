#include "runtime/bundle/spec_state.h"

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"

json_t *spec_state_json(const struct spec_state *state)
{
    json_t *object = json_pack("{s:s, s:s, s:s, s:i, s:s}", "ociVersion", state->oci_version, "id", state->id,
                               "status", state->status, "pid", (int)state->pid, "bundle", state->bundle);
    if (state->annotations != NULL)
        json_object_set(object, "annotations", (json_t *)state->annotations);
    return object;
}

char *spec_state_text(const struct spec_state *state)
{
    cleanup_json json_t *object = spec_state_json(state);
    char *text = json_dumps(object, JSON_COMPACT);
    return text != NULL ? text : xstrdup("{}");
}
