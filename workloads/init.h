/*
 * init.h - what PID 1 does in the guest: file systems, modules, network cards, and power off. No shell, no files but
 * those of the initramfs (bench/testbed/guest_image.h).
 */
#ifndef WORKLOADS_INIT_H
#define WORKLOADS_INIT_H

#include <stddef.h>

struct err;
struct guest_settings;

/* Mount /proc, /sys and /dev, and make standard output the console. */
int init_mount(struct err *e);

/* Read the kernel command line (cut at room - 1). */
int init_command_line(char *buffer, size_t room, struct err *e);

/* Load the modules that /etc/modules-order names, a path and parameters a line, in that order. No such file: nothing
 * to load. */
int init_modules(struct err *e);

/* Find the NICs of the settings by their MAC addresses (waiting a short while for them), give them their IPv4
 * addresses and bring them up; lo too. */
int init_network(const struct guest_settings *settings, struct err *e);

/* Power the machine off. Does not return. */
_Noreturn void init_power_off(void);

#endif
