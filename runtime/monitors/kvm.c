#include "runtime/monitors/kvm.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "formats/base/cleanup.h"
#include "formats/base/file.h"
#include "formats/base/memory.h"
#include "runtime/monitors/child.h"
#include "runtime/monitors/remembered.h"

enum {
    TIME_MAX = 5000, /* milliseconds that all of it may take */
    ROUNDS = 5,      /* the fastest counts: whatever else the host does makes one slower */
    SLOW = 50,       /* nanoseconds an instruction; hardware takes less than one, emulation some hundreds */
};

/* What the child tells. */
struct finding {
    int number;       /* errno of `step`, or 0 */
    char step[32];    /* what could not be done */
    uint64_t average; /* nanoseconds an instruction */
};

struct machine {
    int fd;
    int processor;
    struct kvm_run *run;
    uint8_t *memory;
};

/* ---- a machine ---- */

static int failed(struct finding *finding, const char *step)
{
    finding->number = errno != 0 ? errno : EIO;
    snprintf(finding->step, sizeof finding->step, "%s", step);
    return -1;
}

enum { MEMORY_SIZE = 1 << 20 };

static int make_machine(int device, struct machine *machine, struct finding *finding)
{
    machine->fd = ioctl(device, KVM_CREATE_VM, 0);
    if (machine->fd < 0)
        return failed(finding, "KVM_CREATE_VM");
    machine->memory = mmap(NULL, MEMORY_SIZE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    const struct kvm_userspace_memory_region region = {
        .memory_size = MEMORY_SIZE, .userspace_addr = (uint64_t)(uintptr_t)machine->memory};
    if (machine->memory == MAP_FAILED || ioctl(machine->fd, KVM_SET_USER_MEMORY_REGION, &region) < 0)
        return failed(finding, "KVM_SET_USER_MEMORY_REGION");
    machine->processor = ioctl(machine->fd, KVM_CREATE_VCPU, 0);
    int size = ioctl(device, KVM_GET_VCPU_MMAP_SIZE, 0);
    if (machine->processor < 0 || size <= 0)
        return failed(finding, "KVM_CREATE_VCPU");
    machine->run = mmap(NULL, (size_t)size, PROT_READ | PROT_WRITE, MAP_SHARED, machine->processor, 0);
    return machine->run == MAP_FAILED ? failed(finding, "KVM_CREATE_VCPU") : 0;
}

#ifdef __x86_64__

/* ---- a guest in the kernel's mode of a 64-bit processor ---- */

enum {
    LOOPS = 20000,
    INSTRUCTIONS = 2 * LOOPS,
    CODE = 0x1000, /* addresses in the guest; its tables map the first 2 MiB to themselves */
    TABLES = 0x2000,
    PORT = 0x10,
};

static const uint8_t code[] = {
    0xb9, LOOPS & 0xff, LOOPS >> 8, 0, 0, /* mov $LOOPS, %ecx */
    0xff, 0xc9,                           /* again: dec %ecx */
    0x75, 0xfc,                           /* jnz again */
    0xe6, PORT,                           /* out %al, $PORT */
};

static void write_tables(uint8_t *memory)
{
    uint64_t *level4 = (uint64_t *)(void *)(memory + TABLES);
    uint64_t *level3 = level4 + 512;
    uint64_t *level2 = level3 + 512;
    level4[0] = (TABLES + 0x1000) | 3; /* present, writable */
    level3[0] = (TABLES + 0x2000) | 3;
    level2[0] = 0x83; /* and a page of 2 MiB */
    memcpy(memory + CODE, code, sizeof code);
}

static int enter_kernel_mode(const struct machine *machine, struct finding *finding)
{
    struct kvm_sregs special;
    if (ioctl(machine->processor, KVM_GET_SREGS, &special) < 0)
        return failed(finding, "KVM_GET_SREGS");
    special.cr3 = TABLES;
    special.cr4 = 0x20;       /* PAE */
    special.cr0 = 0x80000011; /* paging, protection */
    special.efer = 0x500;     /* long mode */
    special.cs = (struct kvm_segment){
        .limit = 0xffffffff, .selector = 8, .present = 1, .type = 11, .s = 1, .l = 1, .g = 1};
    special.ds = (struct kvm_segment){
        .limit = 0xffffffff, .selector = 16, .present = 1, .type = 3, .s = 1, .db = 1, .g = 1};
    special.es = special.fs = special.gs = special.ss = special.ds;
    if (ioctl(machine->processor, KVM_SET_SREGS, &special) < 0)
        return failed(finding, "KVM_SET_SREGS");
    return 0;
}

/* Of this thread: what else the host does meanwhile does not count. */
static uint64_t processor_nanoseconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
    return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

static int run_guest(const struct machine *machine, uint64_t *average, struct finding *finding)
{
    const struct kvm_regs registers = {.rip = CODE, .rflags = 2};
    if (ioctl(machine->processor, KVM_SET_REGS, &registers) < 0)
        return failed(finding, "KVM_SET_REGS");
    uint64_t start = processor_nanoseconds();
    if (ioctl(machine->processor, KVM_RUN, 0) < 0)
        return failed(finding, "KVM_RUN");
    *average = (processor_nanoseconds() - start) / INSTRUCTIONS;
    errno = 0;
    if (machine->run->exit_reason != KVM_EXIT_IO || machine->run->io.port != PORT)
        return failed(finding, "a guest of ours");
    return 0;
}

static int measure(const struct machine *machine, struct finding *finding)
{
    write_tables(machine->memory);
    if (enter_kernel_mode(machine, finding) < 0)
        return -1;
    finding->average = UINT64_MAX;
    for (int i = 0; i < ROUNDS && finding->average > SLOW; i++) {
        uint64_t average = 0;
        if (run_guest(machine, &average, finding) < 0)
            return -1;
        if (average < finding->average)
            finding->average = average;
    }
    return 0;
}

#else

static int measure(const struct machine *machine, struct finding *finding)
{
    (void)machine;
    (void)finding;
    return 0;
}

#endif

/* In a child, which may hang. */
static void probe(const void *device, int output)
{
    struct finding finding = {0};
    struct machine machine = {0};
    if (make_machine(*(const int *)device, &machine, &finding) == 0 && machine.memory != NULL)
        measure(&machine, &finding);
    if (write(output, &finding, sizeof finding) < 0)
        _exit(1);
}

int kvm_probe(const char *device, struct error *error)
{
    cleanup_close int fd = open(device, O_RDWR | O_CLOEXEC);
    if (fd < 0)
        return error_errno(error, errno, "%s", device);
    if (ioctl(fd, KVM_GET_API_VERSION, 0) != KVM_API_VERSION)
        return error_numbered(error, ENODEV, "%s: not the device that its name says", device);
    struct finding finding = {0};
    ssize_t told = child_ask(probe, &fd, &finding, sizeof finding, TIME_MAX, error);
    if (told < 0)
        return -1;
    if (told < (ssize_t)sizeof finding)
        return error_numbered(error, ETIMEDOUT, "%s: a guest of a dozen instructions does not end on it",
                              device);
    if (finding.number != 0)
        return error_errno(error, finding.number, "%s: %s", device, finding.step);
    if (finding.average > SLOW)
        return error_set(error,
                         "%s: emulates a guest's kernel (%" PRIu64
                         " ns an instruction): an ordinary guest on it seems to hang; QEMU is faster with "
                         "\"acceleration\": \"tcg\"",
                         device, finding.average);
    return 0;
}

/* ---- keeping the finding ---- */

static char *key_of_host(const struct stat *device)
{
    cleanup_buffer struct buffer boot = {0};
    cleanup_error struct error ignored = {0};
    if (read_file(AT_FDCWD, "/proc/sys/kernel/random/boot_id", 64, &boot, &ignored) < 0)
        return NULL;
    return xasprintf("%ju %ju %u %s", (uintmax_t)device->st_rdev, (uintmax_t)device->st_ino, geteuid(),
                     boot.data);
}

#define FAST "fast"

int kvm_find(const char *directory, struct error *error)
{
    struct stat status;
    if (stat(KVM_DEVICE, &status) < 0)
        return error_errno(error, errno, KVM_DEVICE);
    cleanup_close int root = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    cleanup_free char *key = key_of_host(&status);
    cleanup_buffer struct buffer answer = {0};
    if (key != NULL && remembered_read(root, "kvm@host", key, &answer)) {
        answer.data[strcspn(answer.data, "\n")] = '\0';
        return strcmp(answer.data, FAST) == 0 ? 0 : error_set(error, "%s", answer.data);
    }
    int result = kvm_probe(KVM_DEVICE, error);
    /* A device that is closed or busy may be open the next time. */
    if (key != NULL && (result == 0 || error->number == 0)) {
        cleanup_free char *line = xasprintf("%s\n", result == 0 ? FAST : error->message);
        remembered_write(root, "kvm@host", key, line);
    }
    return result;
}
