#include "runtime/monitors/spt/events.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

static int add(int epoll, int fd, uint64_t number, struct error *error)
{
    struct epoll_event event = {.events = EPOLLIN, .data.u64 = number};
    if (epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) < 0)
        return error_errno(error, errno, "descriptor %d: epoll_ctl", fd);
    return 0;
}

int spt_events_open(const struct spt_manifest *manifest, struct spt_boot_info *info, struct error *error)
{
    info->epoll = epoll_create1(EPOLL_CLOEXEC);
    info->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
    if (info->epoll < 0 || info->timer < 0)
        return error_errno(error, errno, "%s", info->epoll < 0 ? "epoll_create1" : "timerfd_create");
    if (add(info->epoll, info->timer, SPT_TIMER_EVENT, error) < 0)
        return -1;
    for (uint32_t i = 0; i < manifest->count; i++) {
        const struct spt_entry *entry = &manifest->entries[i];
        if (entry->type == SPT_MANIFEST_NET && add(info->epoll, entry->fd, i, error) < 0)
            return -1;
    }
    return 0;
}
