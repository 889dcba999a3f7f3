#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/json.h"
#include "runtime/config/config.h"
#include "runtime/config/config_toml.h"

enum { CONFIG_MAX = 1 << 20 }; /* bytes of the file */

static int apply_json(const struct buffer *text, const char *path, struct config *config, struct error *error)
{
    cleanup_json json_t *document = parse_json(text->data, text->length, path, error);
    if (document == NULL)
        return -1;
    return config_apply(document, path, config, error) < 0 ? error_prefix(error, "%s", path) : 0;
}

static bool is_toml(const char *path)
{
    size_t length = strlen(path);
    return length >= 5 && strcmp(path + length - 5, ".toml") == 0;
}

static int apply_file(const char *path, bool required, struct config *config, struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_file(AT_FDCWD, path, CONFIG_MAX, &text, error) < 0) {
        if (required || error->number != ENOENT)
            return -1;
        error_clear(error);
        return 0;
    }
    return is_toml(path) ? config_apply_toml(&text, path, config, error)
                         : apply_json(&text, path, config, error);
}

int config_load(const char *path, struct config *config, struct error *error)
{
    config_set_defaults(config);
    const char *variable = getenv(CONFIG_PATH_VARIABLE);
    if (path == NULL && variable != NULL && *variable != '\0')
        path = variable;
    int status = path != NULL ? apply_file(path, true, config, error)
                              : apply_file(CONFIG_TOML_PATH, false, config, error);
    if (status == 0 && path == NULL)
        status = apply_file(CONFIG_DEFAULT_PATH, false, config, error);
    if (status < 0)
        config_free(config);
    return status;
}
