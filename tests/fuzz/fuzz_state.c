/* state.json: any file is read or refused, and a state that was read is the same when it is written and read
 * again. */
#include "formats/base/cleanup.h"
#include "runtime/lifecycle/foreign.h"
#include "runtime/lifecycle/state.h"
#include "tests/fuzz/directory.h"

static void check_same(int directory, const struct state *state)
{
    struct error error = {0};
    cleanup_state struct state again = {0};
    CHECK(state_write(directory, state, &error) == 0);
    CHECK(state_read(directory, &again, &error) == 0);
    cleanup_free char *one = state_spec_text(state, STATUS_CREATED);
    cleanup_free char *other = state_spec_text(&again, STATUS_CREATED);
    CHECK(strcmp(one, other) == 0);
    CHECK(state->start_time == again.start_time && state->network_inode == again.network_inode);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    int directory = directory_open();
    directory_write(directory, STATE_FILE, data, size);
    cleanup_state struct state state = {0};
    cleanup_state struct state foreign = {0};
    if (foreign_runtime(directory) != NULL && foreign_read(directory, &foreign, &error) == 0)
        CHECK(error.message == NULL);
    error_clear(&error);
    if (state_read(directory, &state, &error) < 0) {
        CHECK(error.message != NULL && strchr(error.message, '\n') == NULL);
    } else {
        CHECK(state.pid >= 0);
        check_same(directory, &state);
    }
    error_clear(&error);
    return 0;
}
