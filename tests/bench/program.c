/* Stands for a monitor and for a container's program, so that what remains is the runtime's own time: says a
 * version where it is asked for one, waits where it is called "wait", and ends at once else. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

int main(int argc, char **argv)
{
    const char *slash = strrchr(argv[0], '/');
    if (argc == 2 && strcmp(argv[1], "--version") == 0)
        puts("QEMU emulator version 7.2.22");
    else if (strcmp(slash != NULL ? slash + 1 : argv[0], "wait") == 0)
        pause();
    return 0;
}
