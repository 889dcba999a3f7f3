/* Layers: the tree as tar, hashed, compressed and hashed again on its way to the sink. */
#include "formats/archive/layer.h"

#include "formats/archive/tar.h"

static int write_chain(struct inode *root, bool with_root, struct sink *first, struct error *error)
{
    if (tar_write(root, with_root, first, error) < 0)
        return -1;
    return sink_finish(first, error);
}

int layer_write(struct inode *root, enum compression compression, bool with_root, struct sink *sink,
                struct layer_result *result, struct error *error)
{
    if (compression == COMPRESSION_NONE) { /* the blob is the tar: hash it once */
        cleanup_sink struct sink *only = digest_sink(sink, &result->digest, &result->size);
        if (write_chain(root, with_root, only, error) < 0)
            return -1;
        result->diff_id = result->digest;
        return 0;
    }
    cleanup_sink struct sink *blob = digest_sink(sink, &result->digest, &result->size);
    cleanup_sink struct sink *compressed = compress_layer_sink(compression, 0, blob);
    cleanup_sink struct sink *plain = digest_sink(compressed, &result->diff_id, NULL);
    return write_chain(root, with_root, plain, error);
}
