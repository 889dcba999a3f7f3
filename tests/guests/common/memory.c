/* Functions that compilers call by themselves, also in freestanding code. The flag
 * -fno-tree-loop-distribute-patterns keeps the compiler from turning these loops into calls of themselves. */
#include <stddef.h>

void *memset(void *memory, int value, size_t size);
void *memcpy(void *restrict to, const void *restrict from, size_t size);

void *memset(void *memory, int value, size_t size)
{
    unsigned char *at = memory;
    while (size-- > 0)
        *at++ = (unsigned char)value;
    return memory;
}

void *memcpy(void *restrict to, const void *restrict from, size_t size)
{
    unsigned char *at = to;
    for (const unsigned char *byte = from; size > 0; size--)
        *at++ = *byte++;
    return to;
}
