#include "builder/build/assemble.h"

#include <string.h>

#include "builder/build/guest_init.h"
#include "builder/stage/changeset.h"
#include "formats/archive/layer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/contract/annotations.h"
#include "formats/contract/cmdline.h"
#include "formats/contract/urunc_json.h"

static int add_urunc_json(const struct build *build, struct stage *stage, const struct unikernel *unikernel,
                          struct error *error)
{
    cleanup_free char *text = urunc_json_write(unikernel);
    cleanup_inode struct inode *file = inode_new(S_IFREG | 0644);
    file->mtime = build->time;
    file->content = content_of_memory(text, strlen(text));
    cleanup_changeset struct changeset changeset = changeset_begin(stage, build->time);
    cleanup_free char *path =
        changeset_add_file(&changeset, URUNC_JSON_PATH, "urunc.json", false, file, error);
    if (path == NULL)
        return -1;
    /* The runtime looks here and nowhere else, so a symlink that leads away would hide it. */
    if (strcmp(path, URUNC_JSON_PATH) != 0)
        return error_set(error, "%s: a symlink in the image to %s; it must be free", URUNC_JSON_PATH, path);
    changeset_end(&changeset, "urunc-build " URUNC_JSON_PATH);
    return 0;
}

static int write_layer(const struct build *build, const struct stage_layer *layer, struct new_image *image,
                       struct error *error)
{
    enum compression compression = build->options->compression;
    cleanup_tempfile struct tempfile blob = TEMPFILE_NONE;
    if (tempfile_open(&blob, build->blob_directory, "the image's layers", error) < 0)
        return -1;
    struct layer_result result;
    cleanup_sink struct sink *sink = sink_to_fd(blob.fd, "a layer", NULL);
    if (layer_write(layer->tree, compression, false, sink, &result, error) < 0)
        return -1;
    new_image_add_layer(image, &blob, compression, &result);
    return 0;
}

/* Sets the strings of `from` in `to`. */
static void update(json_t *to, const json_t *from)
{
    if (from != NULL)
        json_object_update(to, (json_t *)from);
}

/* Adds the command line's to labels or annotations, and puts what was settled in the place of the contract's
 * keys. */
static void complete(json_t *labels, const json_t *option, const json_t *contract)
{
    update(labels, option);
    const char *key;
    json_t *value;
    void *next;
    json_object_foreach_safe(labels, next, key, value)
    {
        const struct annotation *annotation = annotation_find(key);
        if (annotation != NULL && json_object_get(contract, key) == NULL)
            json_object_del(labels, key); /* an empty value, or an older name */
    }
    update(labels, contract);
}

/* Readers that know no cmdline annotation take the arguments from the config. */
static void complete_command(const struct unikernel *unikernel, struct image_config *config)
{
    if (unikernel->cmdline != NULL && config->cmd.count == 0 && config->entrypoint.count == 0)
        cmdline_words(unikernel->cmdline, &config->cmd);
}

static void complete_config(const struct build *build, const struct stage *stage,
                            const struct platform *platform, struct image_config *config)
{
    config->architecture = xstrdup(platform->architecture);
    config->os = xstrdup(platform->os);
    config->variant = platform->variant != NULL ? xstrdup(platform->variant) : NULL;
    guest_init_prefix_entrypoint(build, stage, config);
}

int assemble_image(struct build *build, struct stage *stage, const struct contract *contract,
                   struct new_image *image, struct error *error)
{
    if (contract->is_unikernel && add_urunc_json(build, stage, &contract->unikernel, error) < 0)
        return -1;
    for (size_t i = 0; i < stage->layer_count; i++)
        if (write_layer(build, &stage->layers[i], image, error) < 0)
            return -1;
    cleanup_json json_t *of_manifest = json_object();
    cleanup_json json_t *settled =
        contract->is_unikernel ? unikernel_to_json(&contract->unikernel) : json_object();
    complete(of_manifest, build->options->annotations, settled);
    complete(stage->config.labels, build->options->labels, settled);
    complete_config(build, stage, &contract->platform, &stage->config);
    complete_command(&contract->unikernel, &stage->config);
    return new_image_assemble(image, &stage->config, of_manifest, error);
}
