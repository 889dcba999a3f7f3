/*
 * Figures for the operator's monitoring: how many containers were created, started and deleted, how many of
 * these failed, and how long they took, as a text file of Prometheus (the format of node_exporter's textfile
 * collector). No process serves it: each command that changed something writes the file anew.
 *
 * The figures are kept beside the containers' state, so they begin with 0 when the host starts.
 */
#ifndef RUNTIME_LIFECYCLE_METRICS_H
#define RUNTIME_LIFECYCLE_METRICS_H

#include "runtime/lifecycle/lifecycle.h"

#define METRICS_OPERATIONS(X) X(create) X(start) X(delete)
#define METRICS_ENTRY(name)   METRICS_##name,
enum metrics_operation { METRICS_OPERATIONS(METRICS_ENTRY) METRICS_COUNT };
#undef METRICS_ENTRY

/* Counts an operation that began at that clock_milliseconds(). `path` is the configured file; NULL: nothing
 * is counted. A failure is a warning. */
void metrics_record(const struct runtime *runtime, const char *path, enum metrics_operation operation,
                    int64_t began, bool failed);

/* The file's text for the figures that are kept; owned. */
char *metrics_text(const json_t *figures);

#endif
