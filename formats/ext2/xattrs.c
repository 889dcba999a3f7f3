#include "formats/ext2/xattrs.h"

#include "formats/base/cleanup.h"

static errcode_t set_xattrs(ext2_filsys fs, uint32_t number, const struct inode *inode, const char **which)
{
    struct ext2_xattr_handle *handle;
    *which = "xattrs";
    errcode_t code = ext2fs_xattrs_open(fs, number, &handle);
    if (code != 0)
        return code;
    code = ext2fs_xattrs_read(handle);
    for (size_t i = 0; i < inode->xattr_count && code == 0; i++) {
        *which = inode->xattrs[i].name;
        code = ext2fs_xattr_set(handle, *which, inode->xattrs[i].value, inode->xattrs[i].length);
    }
    errcode_t closed = ext2fs_xattrs_close(&handle);
    return code != 0 ? code : closed;
}

int ext2_xattrs_write(struct ext2_filesystem *filesystem, const struct ext2_plan *plan, struct error *error)
{
    for (uint32_t i = 0; i < plan->count; i++) {
        const struct inode *inode = plan->files[i].inode;
        const char *which;
        if (inode->xattr_count == 0)
            continue;
        errcode_t code = set_xattrs(filesystem->fs, ext2_number(i), inode, &which);
        if (code != 0) {
            cleanup_free char *path = ext2_plan_path(plan, i);
            return ext2_failed(path, which, code, error);
        }
    }
    return 0;
}
