#include "builder/stage/ownership.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "formats/base/accounts.h"
#include "formats/base/buffer.h"
#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "formats/tree/inode_map.h"
#include "formats/tree/lookup.h"

static int read_database(struct inode *root, const char *path, struct buffer *text, struct error *error)
{
    cleanup_error struct error missing = {0};
    const struct inode *file = tree_lookup(root, path, TREE_FOLLOW, &missing);
    if (file == NULL || !S_ISREG(file->mode) || file->content == NULL)
        return 0; /* no names */
    cleanup_close int fd = content_open(file->content, error);
    return fd < 0 ? -1 : read_all(fd, ACCOUNTS_MAX_FILE, text, path, error);
}

/* Finds a name in a file of the stage, and its number: of a group, or of a user with the number of its group.
 */
static int find_name(struct inode *root, const char *path, const char *name, uint32_t *id, uint32_t *group,
                     struct error *error)
{
    cleanup_buffer struct buffer text = {0};
    if (read_database(root, path, &text, error) < 0)
        return -1;
    char *rest = text.data;
    struct account account;
    while (account_next(&rest, &account)) {
        if (strcmp(account.fields[0], name) != 0)
            continue;
        if (account.count < 4 || !account_parse_id(account.fields[2], id) ||
            (group != NULL && !account_parse_id(account.fields[3], group)))
            return error_set(error, "%s of the stage: the line of %s holds no number", path, name);
        return 0;
    }
    return error_set(error, "%s: neither a number nor a name in %s of the stage", name, path);
}

int owner_parse(struct inode *root, const char *text, struct owner *owner, struct error *error)
{
    size_t length = strcspn(text, ":");
    cleanup_free char *user = xstrndup(text, length);
    const char *group = text[length] == ':' ? text + length + 1 : NULL;
    *owner = (struct owner){0};
    if (account_parse_id(user, &owner->uid))
        owner->gid = owner->uid;
    else if (length == 0)
        return error_set(error, "no user; write user[:group]");
    else if (find_name(root, "/etc/passwd", user, &owner->uid, &owner->gid, error) < 0)
        return -1;
    if (group == NULL)
        return 0;
    if (*group == '\0')
        return error_set(error, "no group follows the colon");
    if (account_parse_id(group, &owner->gid))
        return 0;
    return find_name(root, "/etc/group", group, &owner->gid, NULL, error);
}

int ownership_parse_owner(struct inode *root, const char *text, struct ownership *ownership,
                          struct error *error)
{
    struct owner owner;
    if (owner_parse(root, text, &owner, error) < 0)
        return error_prefix(error, "--chown=%s", text);
    ownership->set_owner = true;
    ownership->uid = owner.uid;
    ownership->gid = owner.gid;
    return 0;
}

int ownership_parse_mode(const char *text, struct ownership *ownership, struct error *error)
{
    size_t length = strlen(text);
    if (length == 0 || length > 5 || strspn(text, "01234567") < length || strtoul(text, NULL, 8) > 07777)
        return error_set(error, "--chmod=%s: must be an octal mode such as 0644", text);
    ownership->set_mode = true;
    ownership->mode = (mode_t)strtoul(text, NULL, 8);
    return 0;
}

static void change(const struct ownership *ownership, struct inode *inode)
{
    if (ownership->set_owner) {
        inode->uid = ownership->uid;
        inode->gid = ownership->gid;
    }
    if (ownership->set_mode && !S_ISLNK(inode->mode))
        inode->mode = (inode->mode & S_IFMT) | ownership->mode;
}

/* A changed copy of anything but a directory. */
static struct inode *copy_changed(const struct ownership *ownership, const struct inode *inode)
{
    struct inode *copy = inode_copy(inode);
    change(ownership, copy);
    return copy;
}

/* The one changed copy of an inode. Borrowed. */
static struct inode *changed_copy(struct ownership *ownership, struct inode *inode)
{
    if (ownership->numbers == NULL)
        ownership->numbers = inode_map_new();
    uint64_t *number = inode_map_at(ownership->numbers, inode);
    if (*number != 0)
        return ownership->changed[*number - 1].copy;
    size_t count = ownership->changed_count + 1;
    ownership->changed = xreallocarray(ownership->changed, count, sizeof *ownership->changed);
    struct changed_inode *changed = &ownership->changed[ownership->changed_count++];
    *changed = (struct changed_inode){inode_ref(inode), copy_changed(ownership, inode)};
    *number = count;
    return changed->copy;
}

static int change_directory(const char *path, struct inode *inode, void *data, struct error *error)
{
    struct ownership *ownership = data;
    (void)path;
    (void)error;
    if (!S_ISDIR(inode->mode))
        return 0;
    change(ownership, inode);
    for (size_t i = 0; i < inode->child_count; i++) {
        struct node *node = &inode->children[i];
        if (!S_ISDIR(node->inode->mode))
            tree_put(inode, node->name, changed_copy(ownership, node->inode));
    }
    return 0;
}

struct inode *ownership_apply(struct ownership *ownership, struct inode *inode)
{
    if (!ownership->set_owner && !ownership->set_mode)
        return inode;
    if (!S_ISDIR(inode->mode)) {
        struct inode *copy = inode_ref(changed_copy(ownership, inode));
        inode_unref(inode);
        return copy;
    }
    struct error none = {0}; /* the visitor cannot fail */
    tree_walk(inode, change_directory, ownership, &none);
    return inode;
}

void ownership_free(struct ownership *ownership)
{
    for (size_t i = 0; i < ownership->changed_count; i++) {
        inode_unref(ownership->changed[i].original);
        inode_unref(ownership->changed[i].copy);
    }
    free(ownership->changed);
    if (ownership->numbers != NULL)
        inode_map_free(ownership->numbers);
    *ownership = (struct ownership){0};
}
