#include "builder/image/new_image.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"
#include "formats/oci/descriptor.h"
#include "formats/oci/document.h"
#include "formats/oci/media_types.h"

void new_image_free(struct new_image *image)
{
    free(image->manifest);
    free(image->config);
    descriptor_free(&image->manifest_descriptor);
    descriptor_free(&image->config_descriptor);
    json_decref(image->platform);
    for (size_t i = 0; i < image->layer_count; i++) {
        tempfile_free(&image->layers[i].blob);
        descriptor_free(&image->layers[i].descriptor);
    }
    free(image->layers);
    *image = (struct new_image){0};
}

void new_image_add_layer(struct new_image *image, struct tempfile *blob, enum compression compression,
                         const struct layer_result *result)
{
    image->layers = xreallocarray(image->layers, image->layer_count + 1, sizeof *image->layers);
    struct new_layer *layer = &image->layers[image->layer_count++];
    *layer = (struct new_layer){
        .blob = take(*blob, TEMPFILE_NONE),
        .descriptor = {xstrdup(oci_layer_media_type(compression)), result->digest, result->size},
        .diff_id = result->diff_id,
    };
}

void image_config_free(struct image_config *config)
{
    free(config->architecture);
    free(config->os);
    free(config->variant);
    free(config->author);
    free(config->user);
    free(config->working_dir);
    free(config->stop_signal);
    strings_free(&config->env);
    strings_free(&config->entrypoint);
    strings_free(&config->cmd);
    strings_free(&config->ports);
    strings_free(&config->volumes);
    json_decref(config->labels);
    for (size_t i = 0; i < config->history_count; i++) {
        free(config->history[i].created_by);
        free(config->history[i].comment);
    }
    free(config->history);
    *config = (struct image_config){0};
}

void image_config_add_history(struct image_config *config, const char *created_by, const char *comment,
                              bool empty_layer)
{
    config->history = xreallocarray(config->history, config->history_count + 1, sizeof *config->history);
    config->history[config->history_count++] = (struct image_history){
        .created_by = xstrdup(created_by),
        .comment = comment != NULL ? xstrdup(comment) : NULL,
        .empty_layer = empty_layer,
    };
}

char *image_rfc3339(int64_t seconds)
{
    time_t when = (time_t)seconds;
    struct tm utc;
    if (gmtime_r(&when, &utc) == NULL || utc.tm_year < -1900 || utc.tm_year > 9999 - 1900)
        return NULL;
    char text[32];
    if (strftime(text, sizeof text, "-%m-%dT%H:%M:%SZ", &utc) == 0)
        return NULL;
    return xasprintf("%04d%s", utc.tm_year + 1900, text);
}

static void set_text(json_t *object, const char *key, const char *text)
{
    if (text != NULL && *text != '\0')
        json_object_set_new(object, key, json_string(text));
}

static void set_list(json_t *object, const char *key, const struct strings *strings)
{
    if (strings->count == 0)
        return;
    json_t *list = json_array();
    for (size_t i = 0; i < strings->count; i++)
        json_array_append_new(list, json_string(strings->items[i]));
    json_object_set_new(object, key, list);
}

static int compare_texts(const void *left, const void *right)
{
    return strcmp(*(char *const *)left, *(char *const *)right);
}

/* A set is an object with empty objects as values: {"80/tcp":{}}. */
static void set_set(json_t *object, const char *key, const struct strings *strings)
{
    if (strings->count == 0)
        return;
    cleanup_free char **sorted = xmemdup(strings->items, strings->count * sizeof(char *));
    qsort(sorted, strings->count, sizeof(char *), compare_texts);
    json_t *set = json_object();
    for (size_t i = 0; i < strings->count; i++)
        json_object_set_new(set, sorted[i], json_object());
    json_object_set_new(object, key, set);
}

/* A copy with sorted keys; NULL where a value is not a string. */
static json_t *sorted_texts(const json_t *object, const char *what, struct error *error)
{
    size_t count = json_object_size(object);
    cleanup_free const char **keys = xcalloc(count, sizeof *keys);
    size_t n = 0;
    const char *key;
    json_t *value;
    json_object_foreach ((json_t *)object, key, value) {
        keys[n++] = key;
    }
    qsort(keys, n, sizeof *keys, compare_texts);
    cleanup_json json_t *sorted = json_object();
    for (size_t i = 0; i < n; i++) {
        value = json_object_get(object, keys[i]);
        if (!json_is_string(value)) {
            error_set(error, "%s %s: must be a string", what, keys[i]);
            return NULL;
        }
        json_object_set(sorted, keys[i], value);
    }
    return take_pointer(sorted);
}

static int add_texts(json_t *object, const char *key, const json_t *texts, const char *what,
                     struct error *error)
{
    if (json_object_size(texts) == 0)
        return 0;
    json_t *sorted = sorted_texts(texts, what, error);
    if (sorted == NULL)
        return -1;
    json_object_set_new(object, key, sorted);
    return 0;
}

/* The keys stand in the order in which Docker writes them. */
static json_t *execution_parameters(const struct image_config *config, struct error *error)
{
    cleanup_json json_t *object = json_object();
    set_text(object, "User", config->user);
    set_set(object, "ExposedPorts", &config->ports);
    set_list(object, "Env", &config->env);
    set_list(object, "Entrypoint", &config->entrypoint);
    set_list(object, "Cmd", &config->cmd);
    set_set(object, "Volumes", &config->volumes);
    set_text(object, "WorkingDir", config->working_dir);
    if (add_texts(object, "Labels", config->labels, "label", error) < 0)
        return NULL;
    set_text(object, "StopSignal", config->stop_signal);
    return take_pointer(object);
}

static json_t *history_of(const struct image_config *config, const char *created)
{
    json_t *list = json_array();
    for (size_t i = 0; i < config->history_count; i++) {
        const struct image_history *history = &config->history[i];
        json_t *entry = json_object();
        set_text(entry, "created", created);
        set_text(entry, "created_by", history->created_by);
        set_text(entry, "comment", history->comment);
        if (history->empty_layer)
            json_object_set_new(entry, "empty_layer", json_true());
        json_array_append_new(list, entry);
    }
    return list;
}

static json_t *rootfs_of(const struct new_image *image)
{
    json_t *rootfs = json_object();
    json_t *diff_ids = json_array();
    json_object_set_new(rootfs, "type", json_string("layers"));
    for (size_t i = 0; i < image->layer_count; i++)
        json_array_append_new(diff_ids, json_string(image->layers[i].diff_id.text));
    json_object_set_new(rootfs, "diff_ids", diff_ids);
    return rootfs;
}

static int check_history(const struct new_image *image, const struct image_config *config,
                         struct error *error)
{
    size_t layers = 0;
    for (size_t i = 0; i < config->history_count; i++)
        layers += !config->history[i].empty_layer;
    if (config->history_count > 0 && layers != image->layer_count)
        return error_set(error, "image config: the history tells of %zu layers, there are %zu", layers,
                         image->layer_count);
    return 0;
}

static void set_document(char **text, struct descriptor *descriptor, const char *media_type,
                         const json_t *json)
{
    free(*text);
    *text = oci_json_text(json);
    descriptor_free(descriptor);
    descriptor->media_type = xstrdup(media_type);
    descriptor->size = strlen(*text);
    digest_of(*text, strlen(*text), &descriptor->digest);
}

static json_t *platform_of(const struct image_config *config)
{
    json_t *platform = json_object();
    set_text(platform, "architecture", config->architecture);
    set_text(platform, "os", config->os != NULL ? config->os : "linux");
    set_text(platform, "variant", config->variant);
    return platform;
}

static int check_utf8(const char *what, const char *text, struct error *error)
{
    if (text == NULL || text_is_utf8(text))
        return 0;
    return error_set(error, "image config: %s: \"%s\" is not UTF-8", what, text);
}

static int check_list(const char *what, const struct strings *list, struct error *error)
{
    for (size_t i = 0; i < list->count; i++)
        if (check_utf8(what, list->items[i], error) < 0)
            return -1;
    return 0;
}

/* JSON holds UTF-8 only: jansson would leave anything else out. */
static int check_texts(const struct image_config *config, struct error *error)
{
    for (size_t i = 0; i < config->history_count; i++)
        if (check_utf8("history", config->history[i].created_by, error) < 0 ||
            check_utf8("history", config->history[i].comment, error) < 0)
            return -1;
    if (check_utf8("Author", config->author, error) < 0 || check_utf8("User", config->user, error) < 0 ||
        check_utf8("WorkingDir", config->working_dir, error) < 0 ||
        check_utf8("StopSignal", config->stop_signal, error) < 0 ||
        check_utf8("Platform", config->architecture, error) < 0 ||
        check_utf8("Platform", config->os, error) < 0 || check_utf8("Platform", config->variant, error) < 0)
        return -1;
    if (check_list("Env", &config->env, error) < 0 || check_list("Cmd", &config->cmd, error) < 0 ||
        check_list("Entrypoint", &config->entrypoint, error) < 0 ||
        check_list("Volumes", &config->volumes, error) < 0)
        return -1;
    return check_list("ExposedPorts", &config->ports, error);
}

static int make_config(struct new_image *image, const struct image_config *config, struct error *error)
{
    if (config->architecture == NULL || *config->architecture == '\0')
        return error_set(error, "image config: no architecture");
    cleanup_free char *created = image_rfc3339(config->created);
    if (created == NULL)
        return error_set(error, "image config: time %lld: must lie in the years 0 to 9999",
                         (long long)config->created);
    if (check_history(image, config, error) < 0 || check_texts(config, error) < 0)
        return -1;
    json_t *parameters = execution_parameters(config, error);
    if (parameters == NULL)
        return -1;
    cleanup_json json_t *document = json_object();
    set_text(document, "created", created);
    set_text(document, "author", config->author);
    json_decref(image->platform);
    image->platform = platform_of(config);
    json_object_update(document, image->platform);
    json_object_set_new(document, "config", parameters);
    json_object_set_new(document, "rootfs", rootfs_of(image));
    if (config->history_count > 0)
        json_object_set_new(document, "history", history_of(config, created));
    set_document(&image->config, &image->config_descriptor, OCI_MEDIA_TYPE_CONFIG, document);
    return 0;
}

int new_image_assemble(struct new_image *image, const struct image_config *config, const json_t *annotations,
                       struct error *error)
{
    if (make_config(image, config, error) < 0)
        return -1;
    cleanup_json json_t *manifest = json_object();
    json_object_set_new(manifest, "schemaVersion", json_integer(2));
    json_object_set_new(manifest, "mediaType", json_string(OCI_MEDIA_TYPE_MANIFEST));
    json_object_set_new(manifest, "config", descriptor_to_json(&image->config_descriptor));
    json_t *layers = json_array();
    for (size_t i = 0; i < image->layer_count; i++)
        json_array_append_new(layers, descriptor_to_json(&image->layers[i].descriptor));
    json_object_set_new(manifest, "layers", layers);
    if (add_texts(manifest, "annotations", annotations, "annotation", error) < 0)
        return -1;
    set_document(&image->manifest, &image->manifest_descriptor, OCI_MEDIA_TYPE_MANIFEST, manifest);
    return 0;
}
