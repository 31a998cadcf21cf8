/*
 * offload.h - work on a frame that the kernel leaves to the device behind it. Where no device does it, but a program that
 * takes frames as they are (a switch in user space), it must be off.
 */
#ifndef BENCH_TESTBED_OFFLOAD_H
#define BENCH_TESTBED_OFFLOAD_H

struct err;

enum offload {
	OFFLOAD_SEGMENTS = 1, /* sending: super-frames, to be cut into segments (TSO, GSO) */
	OFFLOAD_CHECKSUM = 2, /* sending: checksums that are not complete yet; switches segments off as well */
	OFFLOAD_JOIN = 4,     /* receiving: segments joined into super-frames (GRO) */
};

/* Switch them off on a device in namespace `netns` (a path). EXIT_CANNOT names the device. */
int offload_off(const char *netns, const char *device, unsigned which, struct err *e);

#endif
