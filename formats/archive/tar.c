/* The pax tar writer: ustar headers, and extended headers before those that need them. */
#include "formats/archive/tar.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/sysmacros.h>

#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/tree/content.h"
#include "formats/tree/inode_map.h"

enum { BLOCK = 512 };

/* POSIX.1-2017, pax, "ustar Interchange Format". */
struct ustar {
    char name[100];
    char mode[8];
    char uid[8];
    char gid[8];
    char size[12];
    char mtime[12];
    char checksum[8];
    char type;
    char link_name[100];
    char magic[6];
    char version[2];
    char user_name[32];
    char group_name[32];
    char device_major[8];
    char device_minor[8];
    char prefix[155];
    char unused[12];
};
_Static_assert(sizeof(struct ustar) == BLOCK, "a header is one block");

struct tar {
    struct sink *sink;
    bool with_root;
    struct inode_map *map; /* of inodes with several references: index in names + 1 */
    struct strings names;  /* the first name of each */
};

/* ---- fields ---- */

/* Octal digits that fill the field up to its NUL; false where the number needs more. */
static bool set_octal(char *field, size_t size, uint64_t number)
{
    if (number >> (3 * (size - 1)) != 0)
        return false;
    for (size_t i = size - 1; i > 0; i--, number >>= 3)
        field[i - 1] = (char)('0' + (number & 7));
    field[size - 1] = '\0';
    return true;
}

#define SET_OCTAL(field, number) set_octal(field, sizeof(field), number)

/* One record: its length counts itself, "27 path=..." (pax, "pax Header Block"). */
static void add_record(struct buffer *records, const char *key, const void *value, size_t length)
{
    size_t rest = 1 + strlen(key) + 1 + length + 1, total = rest + 1;
    while (total != rest + (size_t)snprintf(NULL, 0, "%zu", total))
        total = rest + (size_t)snprintf(NULL, 0, "%zu", total);
    buffer_format(records, "%zu %s=", total, key);
    buffer_add(records, value, length);
    buffer_add_char(records, '\n');
}

static void add_number(struct buffer *records, const char *key, int64_t number)
{
    char text[24];
    int length = snprintf(text, sizeof text, "%" PRId64, number);
    add_record(records, key, text, (size_t)length);
}

static bool is_ascii(const char *text)
{
    for (; *text != '\0'; text++)
        if ((unsigned char)*text > 0x7f)
            return false;
    return true;
}

/* A reader without pax sees as much of it as fits, in ASCII. */
static void set_text(char *field, size_t size, const char *text)
{
    for (size_t i = 0; i < size && text[i] != '\0'; i++)
        field[i] = (unsigned char)text[i] > 0x7f ? '_' : text[i];
}

/* A path in name and prefix, divided at a slash, where that is possible. */
static bool set_divided(struct ustar *header, const char *path, size_t length)
{
    if (length <= sizeof header->name) {
        memcpy(header->name, path, length);
        return true;
    }
    for (size_t at = length - sizeof header->name - 1; at < length - 1 && at <= sizeof header->prefix; at++) {
        if (path[at] != '/' || at == 0)
            continue;
        memcpy(header->prefix, path, at);
        memcpy(header->name, path + at + 1, length - at - 1);
        return true;
    }
    return false;
}

static void set_path(struct ustar *header, const char *path, struct buffer *records)
{
    size_t length = strlen(path);
    if (is_ascii(path) && set_divided(header, path, length))
        return;
    add_record(records, "path", path, length);
    set_text(header->name, sizeof header->name, path);
}

static void set_link_name(struct ustar *header, const char *target, struct buffer *records)
{
    size_t length = strlen(target);
    if (!is_ascii(target) || length > sizeof header->link_name)
        add_record(records, "linkpath", target, length);
    set_text(header->link_name, sizeof header->link_name, target);
}

static int add_xattrs(const struct inode *inode, struct buffer *records, struct error *error)
{
    for (size_t i = 0; i < inode->xattr_count; i++) {
        const struct xattr *xattr = &inode->xattrs[i];
        /* The key of a record ends at its first "=". */
        if (strchr(xattr->name, '=') != NULL)
            return error_set(error, "the xattr name \"%s\" cannot stand in a tar archive", xattr->name);
        cleanup_free char *key = xasprintf("SCHILY.xattr.%s", xattr->name);
        add_record(records, key, xattr->value, xattr->length);
    }
    return 0;
}

/* ---- blocks ---- */

static int write_block(struct tar *tar, struct ustar *header, struct error *error)
{
    memcpy(header->magic, "ustar", 6);
    memcpy(header->version, "00", 2);
    memset(header->checksum, ' ', sizeof header->checksum);
    unsigned sum = 0;
    for (size_t i = 0; i < sizeof *header; i++)
        sum += ((const unsigned char *)header)[i];
    snprintf(header->checksum, sizeof header->checksum, "%06o", sum);
    return sink_write(tar->sink, header, sizeof *header, error);
}

static int pad(struct tar *tar, uint64_t size, struct error *error)
{
    static const char zeros[BLOCK];
    size_t over = size % BLOCK;
    return over == 0 ? 0 : sink_write(tar->sink, zeros, BLOCK - over, error);
}

static int write_records(struct tar *tar, const struct buffer *records, struct error *error)
{
    struct ustar header = {.name = "PaxHeaders/entry", .type = 'x'};
    SET_OCTAL(header.mode, 0644);
    SET_OCTAL(header.uid, 0);
    SET_OCTAL(header.gid, 0);
    SET_OCTAL(header.mtime, 0);
    SET_OCTAL(header.device_major, 0);
    SET_OCTAL(header.device_minor, 0);
    if (!SET_OCTAL(header.size, records->length))
        return error_set(error, "an extended header of %zu bytes", records->length);
    if (write_block(tar, &header, error) < 0 ||
        sink_write(tar->sink, records->data, records->length, error) < 0)
        return -1;
    return pad(tar, records->length, error);
}

/* ---- entries ---- */

static char type_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return '0';
    case S_IFLNK:
        return '2';
    case S_IFCHR:
        return '3';
    case S_IFBLK:
        return '4';
    case S_IFDIR:
        return '5';
    case S_IFIFO:
        return '6';
    default:
        return '\0'; /* a socket */
    }
}

/* The first name of an inode that had one before, else NULL; then `path` becomes it. */
static const char *first_name(struct tar *tar, const struct inode *inode, const char *path)
{
    if (inode->references == 1 || S_ISDIR(inode->mode))
        return NULL;
    uint64_t *index = inode_map_at(tar->map, inode);
    if (*index > 0)
        return tar->names.items[*index - 1];
    strings_add(&tar->names, path);
    *index = tar->names.count;
    return NULL;
}

static int set_metadata(struct ustar *header, const struct inode *inode, uint64_t size,
                        struct buffer *records, struct error *error)
{
    bool device = S_ISCHR(inode->mode) || S_ISBLK(inode->mode);
    SET_OCTAL(header->mode, inode->mode & 07777);
    if (!SET_OCTAL(header->uid, inode->uid)) {
        SET_OCTAL(header->uid, 0);
        add_number(records, "uid", inode->uid);
    }
    if (!SET_OCTAL(header->gid, inode->gid)) {
        SET_OCTAL(header->gid, 0);
        add_number(records, "gid", inode->gid);
    }
    if (!SET_OCTAL(header->size, size)) {
        SET_OCTAL(header->size, 0);
        add_number(records, "size", (int64_t)size);
    }
    if (inode->mtime < 0 || !SET_OCTAL(header->mtime, (uint64_t)inode->mtime)) {
        SET_OCTAL(header->mtime, 0);
        add_number(records, "mtime", inode->mtime);
    }
    if (!SET_OCTAL(header->device_major, device ? major(inode->device) : 0) ||
        !SET_OCTAL(header->device_minor, device ? minor(inode->device) : 0))
        return error_set(error, "the device number %u:%u does not fit into a tar header",
                         major(inode->device), minor(inode->device));
    return 0;
}

static int write_named(struct tar *tar, const char *name, const struct inode *inode, const char *hard_link,
                       struct error *error)
{
    bool has_data = S_ISREG(inode->mode) && hard_link == NULL && inode->content != NULL;
    uint64_t size = has_data ? content_size(inode->content) : 0;
    cleanup_buffer struct buffer records = {0};
    struct ustar header = {.type = hard_link != NULL ? '1' : type_of(inode->mode)};
    set_path(&header, name, &records);
    if (hard_link != NULL || S_ISLNK(inode->mode))
        set_link_name(&header, hard_link != NULL ? hard_link : inode->target, &records);
    if (set_metadata(&header, inode, size, &records, error) < 0 ||
        (hard_link == NULL && add_xattrs(inode, &records, error) < 0))
        return -1;
    if ((records.length > 0 && write_records(tar, &records, error) < 0) ||
        write_block(tar, &header, error) < 0)
        return -1;
    if (!has_data)
        return 0;
    if (content_write_to(inode->content, tar->sink, error) < 0)
        return -1;
    return pad(tar, size, error);
}

static int write_entry(const char *path, struct inode *inode, void *data, struct error *error)
{
    struct tar *tar = data;
    bool is_root = *path == '\0';
    if ((is_root && !tar->with_root) || type_of(inode->mode) == '\0')
        return 0;
    const char *hard_link = first_name(tar, inode, path);
    cleanup_free char *with_slash = S_ISDIR(inode->mode) ? xasprintf("%s/", is_root ? "." : path) : NULL;
    if (write_named(tar, with_slash != NULL ? with_slash : path, inode, hard_link, error) < 0)
        return error_prefix(error, "%s", is_root ? "/" : path);
    return 0;
}

static void tar_free(struct tar *tar)
{
    inode_map_free(tar->map);
    strings_free(&tar->names);
}

int tar_write(struct inode *root, bool with_root, struct sink *sink, struct error *error)
{
    static const char end[2 * BLOCK];
    __attribute__((cleanup(tar_free))) struct tar tar = {
        .sink = sink, .with_root = with_root, .map = inode_map_new()};
    if (tree_walk(root, write_entry, &tar, error) < 0)
        return -1;
    return sink_write(sink, end, sizeof end, error);
}
