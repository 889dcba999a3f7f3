#include "builder/bundle/image_user.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "formats/base/accounts.h"
#include "formats/base/beneath.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/base/text.h"

enum { MAX_GROUPS = 65536 }; /* Linux, NGROUPS_MAX */

/* A missing file is an empty one. */
static int read_table(int rootfd, const char *path, struct buffer *text, struct error *error)
{
    cleanup_close int fd = beneath_open_file(rootfd, path, O_RDONLY, BENEATH_IN_ROOT, error);
    if (fd >= 0)
        return read_all(fd, ACCOUNTS_MAX_FILE, text, path, error);
    if (error->number != ENOENT && error->number != ENOTDIR)
        return -1;
    error_clear(error);
    buffer_add(text, "", 0);
    return 0;
}

/* Finds a user by name or, where `by_id` is not NULL, by number. */
static bool find_user(char *table, const char *name, const uint32_t *by_id, struct image_user *user,
                      char **user_name)
{
    struct account account;
    while (account_next(&table, &account)) {
        uint32_t uid;
        uint32_t gid;
        if (account.count < 6 || !account_parse_id(account.fields[2], &uid) ||
            !account_parse_id(account.fields[3], &gid))
            continue;
        if (by_id != NULL ? uid != *by_id : strcmp(account.fields[0], name) != 0)
            continue;
        user->uid = uid;
        user->gid = gid;
        user->home = xstrdup(account.fields[5]);
        *user_name = xstrdup(account.fields[0]);
        return true;
    }
    return false;
}

static bool find_group(char *table, const char *name, uint32_t *gid)
{
    struct account account;
    while (account_next(&table, &account))
        if (account.count >= 3 && strcmp(account.fields[0], name) == 0 &&
            account_parse_id(account.fields[2], gid))
            return true;
    return false;
}

static bool is_member(char *members, const char *name)
{
    char *member;
    while ((member = strsep(&members, ",")) != NULL)
        if (strcmp(member, name) == 0)
            return true;
    return false;
}

static void find_memberships(char *table, const char *name, struct image_user *user)
{
    struct account account;
    while (account_next(&table, &account)) {
        uint32_t gid;
        if (account.count < 4 || user->group_count == MAX_GROUPS ||
            !account_parse_id(account.fields[2], &gid) || !is_member(account.fields[3], name))
            continue;
        user->groups = xreallocarray(user->groups, user->group_count + 1, sizeof *user->groups);
        user->groups[user->group_count++] = gid;
    }
}

static int look_up_user(int rootfd, const char *name, struct image_user *user, char **user_name,
                        struct error *error)
{
    cleanup_buffer struct buffer table = {0};
    if (read_table(rootfd, "/etc/passwd", &table, error) < 0)
        return -1;
    uint32_t uid;
    bool is_number = account_parse_id(name, &uid);
    /* Docker looks a number up as a name first; nobody has such names. */
    if (find_user(table.data, name, is_number ? &uid : NULL, user, user_name))
        return 0;
    if (!is_number) {
        cleanup_free char *quoted = text_quote(name);
        return error_set(error, "user %s: not in the image's /etc/passwd", quoted);
    }
    user->uid = uid;
    user->gid = 0;
    return 0;
}

static int look_up_group(int rootfd, const char *name, uint32_t *gid, struct error *error)
{
    if (account_parse_id(name, gid))
        return 0;
    cleanup_buffer struct buffer table = {0};
    if (read_table(rootfd, "/etc/group", &table, error) < 0)
        return -1;
    if (find_group(table.data, name, gid))
        return 0;
    cleanup_free char *quoted = text_quote(name);
    return error_set(error, "group %s: not in the image's /etc/group", quoted);
}

static int find(int rootfd, const char *text, struct image_user *user, struct error *error)
{
    cleanup_free char *name = xstrdup(text);
    char *group = strchr(name, ':');
    if (group != NULL)
        *group++ = '\0';
    cleanup_free char *user_name = NULL;
    if (look_up_user(rootfd, *name != '\0' ? name : "0", user, &user_name, error) < 0)
        return -1;
    /* A group that is named is the only one, as with Docker. */
    if (group != NULL && *group != '\0')
        return look_up_group(rootfd, group, &user->gid, error);
    if (user_name == NULL)
        return 0;
    cleanup_buffer struct buffer table = {0};
    if (read_table(rootfd, "/etc/group", &table, error) < 0)
        return -1;
    find_memberships(table.data, user_name, user);
    return 0;
}

int image_user_find(int rootfd, const char *user, struct image_user *found, struct error *error)
{
    *found = (struct image_user){0};
    if (find(rootfd, user != NULL ? user : "", found, error) == 0)
        return 0;
    image_user_free(found);
    return -1;
}

void image_user_free(struct image_user *user)
{
    free(user->groups);
    free(user->home);
    *user = (struct image_user){0};
}
