/* The command line of `urunc-build build`: the input is its words, each ended by NUL. Refused with one line,
 * or complete. */
#include <string.h>

#include "builder/commands/build_options.h"
#include "formats/base/memory.h"
#include "tests/fuzz/fuzz.h"

enum { MAX_WORDS = 32 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static FILE *nowhere;
    if (nowhere == NULL)
        nowhere = freopen("/dev/null", "w", stdout); /* for --help */
    char *argv[MAX_WORDS + 2] = {(char[]){"build"}};
    size_t count = 1;
    for (size_t at = 0; at < size && count <= MAX_WORDS; count++) {
        argv[count] = xstrndup((const char *)data + at, size - at);
        at += strlen(argv[count]) + 1;
    }
    struct error error = {0};
    struct build_command build;
    int result = build_command_parse(command_find("build", &error), argv, &build, &error);
    CHECK((result < 0) == (error.message != NULL));
    CHECK(result >= 0 || strchr(error.message, '\n') == NULL);
    CHECK(result <= 0 ||
          (build.context != NULL && build.output.output != NULL && *build.output.dest != '\0'));
    build_command_free(&build);
    error_clear(&error);
    for (size_t i = 1; i < count; i++)
        free(argv[i]);
    return 0;
}
