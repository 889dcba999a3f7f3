/*
 * type=docker-archive, as `docker load` has taken it since Docker 1.10: manifest.json names the config and
 * the layers, which are uncompressed (moby, image/spec/spec.md). It has no place for annotations: the
 * contract's stand in the labels and in /urunc.json, and others are refused.
 */
#include <stdlib.h>
#include <string.h>

#include "builder/output/archive_writer.h"
#include "builder/output/names.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/oci/document.h"

static char *layer_path(const struct new_layer *layer)
{
    return xasprintf("%s.tar", digest_hex(&layer->diff_id));
}

static char *manifest_text(const struct new_image *image, const struct index_names *entries,
                           const char *config)
{
    json_t *item = json_object();
    json_t *tags = json_array();
    json_t *layers = json_array();
    for (size_t i = 0; i < entries->count; i++)
        if (entries->items[i].image_name != NULL)
            json_array_append_new(tags, json_string(entries->items[i].image_name));
    for (size_t i = 0; i < image->layer_count; i++) {
        cleanup_free char *path = layer_path(&image->layers[i]);
        json_array_append_new(layers, json_string(path));
    }
    json_object_set_new(item, "Config", json_string(config));
    json_object_set_new(item, "RepoTags", tags);
    json_object_set_new(item, "Layers", layers);
    cleanup_json json_t *manifest = json_array();
    json_array_append_new(manifest, item);
    return oci_json_text(manifest);
}

static int check_layers(const struct new_image *image, struct error *error)
{
    for (size_t i = 0; i < image->layer_count; i++)
        if (strcmp(image->layers[i].diff_id.text, image->layers[i].descriptor.digest.text) != 0)
            return error_set(error, "layer %s: a docker-archive holds uncompressed layers only",
                             image->layers[i].descriptor.digest.text);
    return 0;
}

static int write_image(const struct output_options *options, struct new_image *image,
                       const struct strings *names, struct error *error)
{
    cleanup_index_names struct index_names entries = {0};
    if (check_layers(image, error) < 0 || index_names_of(names, &entries, error) < 0)
        return -1;
    cleanup_free char *config = xasprintf("%s.json", digest_hex(&image->config_descriptor.digest));
    cleanup_free char *manifest = manifest_text(image, &entries, config);
    cleanup_members struct members members = {0};
    members_add_text(&members, "manifest.json", manifest);
    members_add_text(&members, config, image->config);
    for (size_t i = 0; i < image->layer_count; i++) {
        cleanup_free char *path = layer_path(&image->layers[i]);
        members_add_file(&members, path, image->layers[i].blob.fd, image->layers[i].descriptor.size);
    }
    return archive_write_members(options->dest, &members, error);
}

DEFINE_OUTPUT(docker_archive, .compression = COMPRESSION_NONE, .takes_compressed = false,
              .takes_stdout = true, .blob_directory = archive_blob_directory, .write = write_image);
