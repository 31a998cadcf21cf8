/*
 * cpu_compare.h - whether a guest that uses the CPU of one node can go on on another, as libvirt says.
 */
#ifndef BENCH_MIGRATE_CPU_COMPARE_H
#define BENCH_MIGRATE_CPU_COMPARE_H

#include <libvirt/libvirt.h>
#include <stddef.h>

struct err;

enum cpu_answer {
	CPU_IDENTICAL,
	CPU_SUPERSET,     /* the destination has more: from source to destination only */
	CPU_INCOMPATIBLE, /* words: the model that both have (virConnectBaselineCPU), "" none */
};

/* virConnectCompareCPU() of the source's host CPU on the destination. -1: a daemon does not say. */
int cpu_compare(virConnectPtr source, virConnectPtr destination, enum cpu_answer *ret, char *words, size_t room,
                struct err *e);

/* The host's CPU of a capabilities document, "<cpu>...</cpu>", which the caller frees; NULL: it has none. */
char *cpu_of_capabilities(const char *document);

#endif
