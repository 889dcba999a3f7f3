/* A Solo5 kernel's ELF file (System V ABI, chapters 4 and 5): checked whole, then copied to its place. */
#ifndef RUNTIME_MONITORS_SPT_IMAGE_H
#define RUNTIME_MONITORS_SPT_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "formats/base/error.h"
#include "formats/kernel/kernel_file.h"

/* A segment that has bytes in the file. */
struct spt_segment {
    unsigned index;   /* of its program header */
    uint64_t offset;  /* in the file */
    uint64_t address; /* in the guest */
    uint64_t size;    /* bytes in the file */
    uint64_t start;   /* its pages: from `start` to before `end` */
    uint64_t end;
    int protection; /* of mprotect(2) */
};

struct spt_image {
    uint64_t entry;
    uint64_t end;                 /* of the kernel: nothing of it lies there or above */
    struct spt_segment *segments; /* owned; ascending, none overlaps another */
    size_t count;
};

/*
 * Reads the hostile file and checks all that loading it into `memory` bytes relies on: an executable for this
 * architecture, segments between SPT_KERNEL_BASE and the memory's end, aligned to pages of `page` bytes,
 * ascending, not overlapping, never writable and executable at once, an entry in executable bytes. A segment
 * without bytes in the file is memory that stays as it is. -1 names the segment and the value.
 */
int spt_image_read(const struct kernel_file *file, uint64_t memory, uint64_t page, struct spt_image *image,
                   struct error *error);
/* Copies the segments: the guest's address A lies at base + A. The memory is zeros and writable. */
int spt_image_load(const struct kernel_file *file, const struct spt_image *image, uintptr_t base,
                   struct error *error);
/* Gives the segments' pages their protection. */
int spt_image_protect(const struct spt_image *image, uintptr_t base, struct error *error);

void spt_image_free(struct spt_image *image);
#define cleanup_spt_image __attribute__((cleanup(spt_image_free)))

#endif
