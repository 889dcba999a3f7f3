/* The interpreter and the libraries that an ELF file names for the dynamic loader. */
#ifndef RUNTIME_SANDBOX_ROOT_ELF_NEEDED_H
#define RUNTIME_SANDBOX_ROOT_ELF_NEEDED_H

#include <stdint.h>

#include "formats/base/buffer.h"
#include "formats/base/error.h"

struct elf_needed {
    uint16_t machine;     /* e_machine; 0: not a 64-bit ELF of this host's byte order */
    char *interpreter;    /* PT_INTERP, or the program of a "#!" line; NULL where there is none; owned */
    struct strings names; /* DT_NEEDED */
    char *rpath;          /* DT_RPATH or NULL: "a:b"; owned */
    char *runpath;        /* DT_RUNPATH or NULL; owned */
};

/* Reads a file by its path. A file that is not an ELF has machine 0, which is not an error; an ELF with
 * offsets outside of the file is. */
int elf_needed_read(const char *path, struct elf_needed *needed, struct error *error);
/* The same of bytes in memory; `name` stands in errors. */
int elf_needed_parse(const void *bytes, size_t length, const char *name, struct elf_needed *needed,
                     struct error *error);
void elf_needed_free(struct elf_needed *needed);
#define cleanup_elf_needed __attribute__((cleanup(elf_needed_free)))

#endif
