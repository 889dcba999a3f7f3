#include "formats/contract/urunc_json.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "formats/base/beneath.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "formats/stream/base64.h"

char *urunc_json_write(const struct unikernel *unikernel)
{
    cleanup_json json_t *plain = unikernel_to_json(unikernel);
    cleanup_buffer struct buffer text = {0};
    buffer_add_string(&text, "{");
    const char *key;
    json_t *value;
    /* Neither our keys nor base64 hold a character that JSON escapes. */
    json_object_foreach (plain, key, value) {
        cleanup_free char *encoded = base64_encode(json_string_value(value), json_string_length(value));
        buffer_format(&text, "%s\n  \"%s\": \"%s\"", text.length > 1 ? "," : "", key, encoded);
    }
    buffer_add_string(&text, text.length > 1 ? "\n}\n" : "}\n");
    return buffer_take(&text);
}

enum unikernel_found urunc_json_read(int rootfd, struct unikernel *unikernel, struct error *error)
{
    *unikernel = (struct unikernel){0};
    cleanup_close int fd = beneath_open_file(rootfd, URUNC_JSON_PATH, O_RDONLY, BENEATH_IN_ROOT, error);
    if (fd < 0 && (error->number == ENOENT || error->number == ENOTDIR)) {
        error_clear(error);
        return UNIKERNEL_ABSENT;
    }
    cleanup_buffer struct buffer text = {0};
    if (fd < 0 || read_all(fd, URUNC_JSON_MAX, &text, URUNC_JSON_PATH, error) < 0)
        return UNIKERNEL_FAILED;
    cleanup_json json_t *object = parse_json(text.data, text.length, URUNC_JSON_PATH, error);
    if (object == NULL)
        return UNIKERNEL_FAILED;
    return unikernel_from_json(object, URUNC_JSON_PATH, unikernel, error);
}
