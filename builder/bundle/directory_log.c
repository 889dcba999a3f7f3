#include "builder/bundle/directory_log.h"

#include <stdlib.h>

#include "formats/base/memory.h"

void directory_log_add(struct directory_log *log, ino_t inode, const struct directory_metadata *metadata)
{
    if (log->count == log->capacity) {
        log->capacity = log->capacity > 0 ? log->capacity * 2 : 64;
        log->records = xreallocarray(log->records, log->capacity, sizeof *log->records);
    }
    log->records[log->count] = (struct directory_record){inode, log->count, *metadata};
    log->count++;
}

static int compare_records(const void *left, const void *right)
{
    const struct directory_record *a = left;
    const struct directory_record *b = right;
    if (a->inode != b->inode)
        return a->inode < b->inode ? -1 : 1;
    return a->sequence < b->sequence ? -1 : a->sequence > b->sequence;
}

void directory_log_finish(struct directory_log *log)
{
    if (log->count == 0)
        return;
    qsort(log->records, log->count, sizeof *log->records, compare_records);
    size_t kept = 0;
    for (size_t i = 0; i < log->count; i++)
        if (i + 1 == log->count || log->records[i + 1].inode != log->records[i].inode)
            log->records[kept++] = log->records[i];
    log->count = kept;
}

const struct directory_metadata *directory_log_find(const struct directory_log *log, ino_t inode)
{
    size_t low = 0;
    size_t high = log->count;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct directory_record *record = &log->records[middle];
        if (record->inode == inode)
            return record->metadata.mentioned ? &record->metadata : NULL;
        if (record->inode < inode)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}

void directory_log_free(struct directory_log *log)
{
    free(log->records);
    *log = (struct directory_log){0};
}
