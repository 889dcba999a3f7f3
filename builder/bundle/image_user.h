/* The user that a container runs as: the image's User, looked up in the image's own /etc/passwd and
 * /etc/group. */
#ifndef BUILDER_BUNDLE_IMAGE_USER_H
#define BUILDER_BUNDLE_IMAGE_USER_H

#include <stddef.h>
#include <stdint.h>

#include "formats/base/error.h"

struct image_user {
    uint32_t uid;
    uint32_t gid;
    uint32_t *groups; /* the groups that name the user as a member; owned */
    size_t group_count;
    char *home; /* owned, or NULL where the user is not in /etc/passwd */
};

/* `user` is "name", "uid", "name:group", "uid:gid" or mixed (image-spec, config.md, User); NULL or "" is
 * root. A number need not stand in the files; a name must. The files are hostile: read beneath `rootfd`,
 * lines that make no sense are passed over. */
int image_user_find(int rootfd, const char *user, struct image_user *found, struct error *error);
void image_user_free(struct image_user *user);
#define cleanup_image_user __attribute__((cleanup(image_user_free)))

#endif
