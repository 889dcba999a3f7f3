/* A hostile file of known size: between the files of kernel_probe, and for who loads what was probed. */
#ifndef FORMATS_KERNEL_KERNEL_FILE_H
#define FORMATS_KERNEL_KERNEL_FILE_H

#include "formats/kernel/probe.h"

struct kernel_file {
    int fd;
    uint64_t size; /* bytes */
    const char *name;
};

/* Reads exactly `length` bytes; -1 where they do not lie within the file. */
int kernel_file_read(const struct kernel_file *file, uint64_t offset, void *bytes, size_t length);

/* Continues the probe of a file that begins with ELF's magic. */
int kernel_elf_probe(const struct kernel_file *file, struct kernel_probe *probe, struct error *error);

/* Takes a note named "Solo5" whose descriptor has been read. Other types are passed over. */
int kernel_solo5_note(const struct kernel_file *file, uint32_t type, const unsigned char *descriptor,
                      size_t size, struct kernel_probe *probe, struct error *error);

#endif
