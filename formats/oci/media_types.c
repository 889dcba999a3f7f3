#include "formats/oci/media_types.h"

#include <stddef.h>
#include <string.h>

#define LAYER "application/vnd.oci.image.layer.v1.tar"

const char *oci_layer_media_type(enum compression compression)
{
    static const char *const types[] = {
        [COMPRESSION_NONE] = LAYER,
        [COMPRESSION_GZIP] = LAYER "+gzip",
        [COMPRESSION_ZSTD] = LAYER "+zstd",
    };
    return types[compression];
}

bool oci_is_index(const char *media_type)
{
    return strcmp(media_type, OCI_MEDIA_TYPE_INDEX) == 0 || strcmp(media_type, DOCKER_MEDIA_TYPE_LIST) == 0;
}

bool oci_is_manifest(const char *media_type)
{
    return strcmp(media_type, OCI_MEDIA_TYPE_MANIFEST) == 0 ||
           strcmp(media_type, DOCKER_MEDIA_TYPE_MANIFEST) == 0;
}

bool oci_is_config(const char *media_type)
{
    return strcmp(media_type, OCI_MEDIA_TYPE_CONFIG) == 0 ||
           strcmp(media_type, DOCKER_MEDIA_TYPE_CONFIG) == 0;
}

bool oci_is_layer(const char *media_type)
{
    static const char *const types[] = {
        LAYER,
        "application/vnd.oci.image.layer.nondistributable.v1.tar",
        "application/vnd.docker.image.rootfs.diff.tar",
        "application/vnd.docker.image.rootfs.foreign.diff.tar",
    };
    static const char *const compressions[] = {"", "+gzip", "+zstd", ".gzip", ".zstd"};
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        size_t length = strlen(types[i]);
        if (strncmp(media_type, types[i], length) != 0)
            continue;
        for (size_t k = 0; k < sizeof compressions / sizeof *compressions; k++)
            if (strcmp(media_type + length, compressions[k]) == 0)
                return true;
    }
    return false;
}
