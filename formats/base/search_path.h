/* The PATH of a program whose image sets none. */
#ifndef FORMATS_BASE_SEARCH_PATH_H
#define FORMATS_BASE_SEARCH_PATH_H

/* As Docker, BuildKit and the engines have it. */
#define DEFAULT_SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

#endif
