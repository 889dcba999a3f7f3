/* linux.intelRdt beside the kernel's schemata, with a line of "%" between the two: any pair is taken or
 * refused by one line, no name leads out of the mount, and what was made is removed. */
#include <sys/stat.h>

#include "formats/base/cleanup.h"
#include "formats/base/json.h"
#include "runtime/sandbox/resctrl.h"
#include "tests/fuzz/directory.h"

static void make_and_remove(const char *mount, const struct resctrl_request *request)
{
    struct error error = {0}, ignored = {0};
    struct resctrl resctrl = {0};
    if (resctrl_plan(mount, request, "id", &resctrl, &error) == 0 &&
        resctrl_make(mount, request, &resctrl, &error) == 0)
        resctrl_join(mount, &resctrl, 1, &error);
    CHECK(error.message == NULL || strchr(error.message, '\n') == NULL);
    CHECK(resctrl_remove(mount, &resctrl, &ignored) == 0);
    cleanup_json json_t *kept = resctrl_to_json(&resctrl);
    struct resctrl again = {0};
    CHECK(resctrl_from_json(kept, "state", &again, &ignored) == 0);
    resctrl_free(&again);
    resctrl_free(&resctrl);
    error_clear(&error);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct error error = {0};
    struct resctrl_request request = {0};
    char path[64];
    const uint8_t *mark = memmem(data, size, "\n%\n", 3);
    size_t length = mark != NULL ? (size_t)(mark - data) : size;
    int directory = directory_open();
    mkdirat(directory, "gold", 0755);
    if (mark != NULL)
        directory_write(directory, "gold/schemata", mark + 3, size - length - 3);
    cleanup_json json_t *linux_object = parse_json((const char *)data, length, "linux", &error);
    error_clear(&error);
    if (!json_is_object(linux_object))
        return 0;
    snprintf(path, sizeof path, "/proc/self/fd/%d", directory);
    if (resctrl_read(linux_object, "config.json", &request, &error) == 0)
        make_and_remove(path, &request);
    resctrl_request_free(&request);
    error_clear(&error);
    return 0;
}
