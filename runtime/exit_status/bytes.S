/* The shared object of preload.c, as it was built. EXIT_STATUS_FILE comes from CMake. */
    .section .rodata
    .balign 16
    .globl exit_status_start
    .globl exit_status_end
    .hidden exit_status_start
    .hidden exit_status_end
exit_status_start:
    .incbin EXIT_STATUS_FILE
exit_status_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
