/* The instructions of filter.c. SHARING_FILTER_FILE comes from CMake. */
    .section .rodata
    .balign 16
    .globl sharing_filter_start
    .globl sharing_filter_end
    .hidden sharing_filter_start
    .hidden sharing_filter_end
sharing_filter_start:
    .incbin SHARING_FILTER_FILE
sharing_filter_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
