/*
 * What a guest writes to a disk that others read too: a file of its own, which has no name and goes when the
 * last descriptor of it is closed, however the monitor ended.
 */
#ifndef RUNTIME_STORAGE_WRITABLE_LAYER_H
#define RUNTIME_STORAGE_WRITABLE_LAYER_H

#include <stdint.h>

#include "formats/base/error.h"
#include "formats/base/file.h"

/* An empty qcow2 image of `size` bytes over a backing file that the monitor is told of by other means (QEMU,
 * docs/interop/qcow2.txt): it holds what is written, and takes a quarter of a mebibyte at first. The file is
 * made in the directory. The caller owns the descriptor. */
int writable_layer_qcow2(int directory, uint64_t size, struct error *error);

/* A copy of the whole file: one that shares its blocks where the file system can (ioctl_ficlone(2)), else of
 * its data, holes left out. */
int writable_layer_copy(int directory, int file, struct error *error);

/* Gives such a file a hidden name in the directory, so that it can be mounted, until `file` is released;
 * `file` gets no descriptor. */
int writable_layer_link(int directory, int fd, struct tempfile *file, struct error *error);

#endif
