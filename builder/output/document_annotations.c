#include "builder/output/document_annotations.h"

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#include "formats/base/cleanup.h"
#include "formats/base/memory.h"
#include "formats/base/suggest.h"
#include "formats/oci/index.h"

enum type { TYPE_MANIFEST, TYPE_MANIFEST_DESCRIPTOR, TYPE_INDEX, TYPE_INDEX_DESCRIPTOR, TYPE_COUNT };

static const char *const type_names[TYPE_COUNT] = {
    [TYPE_MANIFEST] = "manifest",
    [TYPE_MANIFEST_DESCRIPTOR] = "manifest-descriptor",
    [TYPE_INDEX] = "index",
    [TYPE_INDEX_DESCRIPTOR] = "index-descriptor",
};

static int unknown_type(const char *name, const char *key, struct error *error)
{
    const char *near = NULL;
    for (int type = 0; type < TYPE_COUNT; type++)
        near = suggest_nearer(name, near, type_names[type]);
    if (near != NULL)
        return error_set(error, "unknown type \"%s\"; did you mean \"%s\"?", name, near);
    return error_set(
        error,
        "unknown type \"%s\"; there are manifest, manifest-descriptor and index (for a key with a colon "
        "in it write manifest:%s:%s)",
        name, name, key);
}

static int type_of(const char *name, const char *key, struct error *error)
{
    const char *bracket = strchr(name, '[');
    if (bracket != NULL)
        return error_set(error, "\"%s\": an image has one platform; leave %s out", name, bracket);
    for (int type = 0; type < TYPE_COUNT; type++)
        if (strcmp(type_names[type], name) == 0)
            return type;
    return unknown_type(name, key, error);
}

static int set(json_t **object, const char *key, const char *value, struct error *error)
{
    if (*object == NULL)
        *object = json_object();
    if (json_object_set_new(*object, key, json_string(value)) < 0)
        return error_set(error, "not UTF-8");
    return 0;
}

static int add_to(struct document_annotations *to, enum type type, const char *key, const char *value,
                  struct error *error)
{
    bool is_name = strcmp(key, OCI_ANNOTATION_REF_NAME) == 0 || strcmp(key, OCI_ANNOTATION_IMAGE_NAME) == 0;
    switch (type) {
    case TYPE_MANIFEST:
        return set(&to->manifest, key, value, error);
    case TYPE_MANIFEST_DESCRIPTOR:
        if (is_name)
            return error_set(error, "%s is set by -t", key);
        return set(&to->descriptor, key, value, error);
    case TYPE_INDEX:
        return set(&to->index, key, value, error);
    case TYPE_INDEX_DESCRIPTOR:
    case TYPE_COUNT:
        break;
    }
    return error_set(error, "index-descriptor: the index is the outermost document; nothing describes it");
}

int document_annotations_add(struct document_annotations *to, const char *text, struct error *error)
{
    const char *equals = strchr(text, '=');
    if (equals == NULL)
        return error_set(error, "must be KEY=VALUE");
    cleanup_free char *head = xstrndup(text, (size_t)(equals - text));
    char *colon = strchr(head, ':');
    char *key = colon != NULL ? colon + 1 : head;
    if (*key == '\0')
        return error_set(error, "must be KEY=VALUE");
    if (colon == NULL)
        return add_to(to, TYPE_MANIFEST, key, equals + 1, error);
    *colon = '\0';
    for (char *name = head, *next; name != NULL; name = next) {
        next = strchr(name, ',');
        if (next != NULL)
            *next++ = '\0';
        int type = type_of(name, key, error);
        if (type < 0 || add_to(to, (enum type)type, key, equals + 1, error) < 0)
            return -1;
    }
    return 0;
}

void document_annotations_free(struct document_annotations *to)
{
    json_decref(to->manifest);
    json_decref(to->descriptor);
    json_decref(to->index);
    *to = (struct document_annotations){0};
}
