/* A request to start a program in a guest, from a hostile host: what is taken lies within its bytes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "tests/fuzz/fuzz.h"

/* Pure, and compiled for the guest otherwise. */
#include "runtime/init/program/exec_request.c"

static void check_within(const char *text, const char *bytes, size_t size)
{
    CHECK(text > bytes && text < bytes + size && text + strlen(text) < bytes + size);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *bytes = malloc(size > 0 ? size : 1);
    struct exec_request request;
    if (bytes == NULL)
        return 0;
    memcpy(bytes, data, size);
    int result = exec_request_parse(bytes, size, &request);
    CHECK(result == 0 || result == EINVAL || result == ENOMEM);
    if (result == 0) {
        CHECK(request.launch.argv[0] != NULL && request.launch.cwd[0] == '/');
        for (char *const *word = request.launch.argv; *word != NULL; word++)
            check_within(*word, bytes, size);
        for (char **variable = request.launch.env; *variable != NULL; variable++) {
            check_within(*variable, bytes, size);
            CHECK(strchr(*variable, '=') > *variable);
        }
        for (size_t i = 0; i < request.launch.group_count; i++)
            CHECK(request.launch.groups[i] != UINT32_MAX);
        CHECK(request.launch.uid != UINT32_MAX && request.launch.gid != UINT32_MAX);
    }
    exec_request_free(&request);
    free(bytes);
    return 0;
}
