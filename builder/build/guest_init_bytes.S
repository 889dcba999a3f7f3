/* The Linux guest's init (runtime/init), as it was built. GUEST_INIT_FILE comes from CMake. */
    .section .rodata
    .balign 16
    .globl guest_init_start
    .globl guest_init_end
    .hidden guest_init_start
    .hidden guest_init_end
guest_init_start:
    .incbin GUEST_INIT_FILE
guest_init_end:
    .byte 0
    .section .note.GNU-stack,"",%progbits
