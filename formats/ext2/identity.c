#include "formats/ext2/identity.h"

#include <stdlib.h>
#include <string.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/stream/digest.h"

static void add_number(struct buffer *buffer, uint64_t number)
{
    char bytes[8];
    for (unsigned i = 0; i < sizeof bytes; i++)
        bytes[i] = (char)(number >> (8 * i));
    buffer_add(buffer, bytes, sizeof bytes);
}

static void add_text(struct buffer *buffer, const char *text, size_t length)
{
    add_number(buffer, length);
    buffer_add(buffer, text, length);
}

/* Everything of an inode that the image shows: directories bring the names of their children. */
static void describe(const struct ext2_plan *plan, const struct ext2_file *file, struct buffer *buffer)
{
    const struct inode *inode = file->inode;
    const uint64_t numbers[] = {
        inode->mode,
        inode->uid,
        inode->gid,
        (uint64_t)inode->mtime,
        inode->device,
        file->links,
        inode->child_count,
        inode->xattr_count,
        file->runs.count,
        file->runs.crc,
        inode->content != NULL ? content_size(inode->content) : 0,
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
        add_number(buffer, numbers[i]);
    if (S_ISLNK(inode->mode))
        add_text(buffer, inode->target, strlen(inode->target));
    for (size_t i = 0; i < inode->xattr_count; i++) {
        add_text(buffer, inode->xattrs[i].name, strlen(inode->xattrs[i].name));
        add_text(buffer, inode->xattrs[i].value, inode->xattrs[i].length);
    }
    for (uint32_t i = 0; i < file->runs.count; i++) {
        add_number(buffer, file->runs.items[i].first);
        add_number(buffer, file->runs.items[i].count);
    }
    for (size_t i = 0; i < inode->child_count; i++) {
        add_text(buffer, inode->children[i].name, strlen(inode->children[i].name));
        add_number(buffer, ext2_index(plan, inode->children[i].inode));
    }
}

/* Label, mount point, size and time make another filesystem too. */
static void describe_options(const struct ext2_options *options, struct buffer *buffer)
{
    const char *label = options->label ? options->label : "";
    const char *mount_point = options->mount_point ? options->mount_point : "";
    add_text(buffer, label, strlen(label));
    add_text(buffer, mount_point, strlen(mount_point));
    add_number(buffer, options->size);
    add_number(buffer, options->size_is_extra);
    add_number(buffer, (uint64_t)options->time);
}

/* Version 8 (RFC 9562, section 5.8) is the version of UUIDs that are made by a rule of one's own. */
static void set_uuid(uint8_t uuid[16], const char *hex)
{
    for (size_t i = 0; i < 16; i++) {
        const char digits[] = {hex[2 * i], hex[2 * i + 1], '\0'};
        uuid[i] = (uint8_t)strtoul(digits, NULL, 16);
    }
    uuid[6] = (uuid[6] & 0x0f) | 0x80; /* version 8 */
    uuid[8] = (uuid[8] & 0x3f) | 0x80; /* variant 10 */
}

/*
 * Of the content there is a CRC-32 only: the digest is to tell apart images that people make, not to
 * withstand an attack, and SHA-256 over all data would take longer than all the rest.
 */
int ext2_identify(const struct ext2_plan *plan, const struct ext2_options *options,
                  struct ext2_super_block *super, struct error *error)
{
    struct digest digest;
    cleanup_buffer struct buffer text = {0};
    cleanup_sink struct sink *sink = digest_sink(NULL, &digest, NULL);
    describe_options(options, &text);
    for (uint32_t i = 0; i < plan->count; i++) {
        describe(plan, &plan->files[i], &text);
        if (sink_write(sink, text.data, text.length, error) < 0)
            return -1;
        text.length = 0;
    }
    if (sink_finish(sink, error) < 0)
        return -1;
    set_uuid(super->s_uuid, digest_hex(&digest));
    set_uuid((uint8_t *)super->s_hash_seed, digest_hex(&digest) + 32);
    return 0;
}
