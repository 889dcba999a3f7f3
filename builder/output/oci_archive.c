/* type=oci-archive: an image layout in a tar (skopeo's oci-archive, what `ctr images import` takes). */
#include <stdlib.h>
#include <string.h>

#include "builder/output/archive_writer.h"
#include "builder/output/names.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/oci/descriptor.h"
#include "formats/oci/document.h"
#include "formats/oci/index.h"

static char *blob_path(const struct descriptor *descriptor)
{
    return xasprintf("blobs/sha256/%s", digest_hex(&descriptor->digest));
}

static char *index_text(const struct new_image *image, const struct index_names *entries,
                        struct oci_annotations annotations)
{
    cleanup_json json_t *index = oci_index_new();
    for (size_t i = 0; i < entries->count; i++)
        oci_index_add(index, &image->manifest_descriptor, image->platform, entries->items[i].tag,
                      entries->items[i].image_name, annotations);
    return oci_json_text(index);
}

static int write_image(const struct output_options *options, struct new_image *image,
                       const struct strings *names, struct error *error)
{
    cleanup_index_names struct index_names entries = {0};
    if (index_names_of(names, &entries, error) < 0)
        return -1;
    cleanup_free char *index = index_text(image, &entries, output_index_annotations(options));
    cleanup_free char *config = blob_path(&image->config_descriptor);
    cleanup_free char *manifest = blob_path(&image->manifest_descriptor);
    cleanup_members struct members members = {0};
    members_add_text(&members, "oci-layout", "{\"imageLayoutVersion\":\"1.0.0\"}");
    members_add_text(&members, "index.json", index);
    members_add_directory(&members, "blobs/");
    members_add_directory(&members, "blobs/sha256/");
    members_add_text(&members, config, image->config);
    members_add_text(&members, manifest, image->manifest);
    for (size_t i = 0; i < image->layer_count; i++) {
        cleanup_free char *path = blob_path(&image->layers[i].descriptor);
        members_add_file(&members, path, image->layers[i].blob.fd, image->layers[i].descriptor.size);
    }
    return archive_write_members(options->dest, &members, error);
}

DEFINE_OUTPUT(oci_archive, .compression = COMPRESSION_GZIP, .takes_compressed = true, .takes_stdout = true,
              .takes_annotations = true, .blob_directory = archive_blob_directory, .write = write_image);
