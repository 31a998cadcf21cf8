#include "collectors/services.h"

#include "bench/base/clock.h"
#include "bench/base/field_text.h"
#include "collectors/collector.h"
#include "collectors/proc_read.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Between two looks at all processes of the machine: a second, or as long as makes looking 1/200 of a core. */
#define LEAST_PAUSE_NS NS_PER_S
enum { PAUSES_PER_LOOK = 200 };

enum { SERVICES_MAX = 256, USES_MAX = 64 };

struct service {
	struct services *all;
	struct watched_process process;
	char name[16];
	int64_t clock_ns;
};

struct services {
	const struct watched_node *nodes;
	struct stat *namespaces;
	int node_count, namespace_count;
	struct service list[SERVICES_MAX];
	struct service_use uses[USES_MAX];
	int count, use_count;
	int64_t next_look_ns, found, looks, longest_look_ns, untold;
};

/* Counted where the core is a node's. */
static void use_add(void *context, int core, int64_t cpu_ns)
{
	const struct service *service = context;
	struct services *s = service->all;
	int node = 0, i = 0;
	while (node < s->node_count && (s->nodes[node].core < 0 || s->nodes[node].core != core))
		node++;
	if (node == s->node_count)
		return;
	while (i < s->use_count && (s->uses[i].node != node || strcmp(s->uses[i].name, service->name) != 0))
		i++;
	if (i == USES_MAX) {
		s->untold++;
		return;
	}
	if (i == s->use_count) {
		s->uses[s->use_count++].node = node;
		memcpy(s->uses[i].name, service->name, sizeof(s->uses[i].name));
	}
	s->uses[i].cpu_ns += cpu_ns;
}

static bool name_read(int proc_fd, const char *pid, char name[16])
{
	char path[32], text[64];
	snprintf(path, sizeof(path), "%.11s/comm", pid);
	if (proc_read_file(proc_fd, path, text, sizeof(text)) < 0)
		return false;
	text[strcspn(text, "\n")] = '\0';
	snprintf(name, 16, "%.15s", *text ? text_tame(text) : "?");
	return true;
}

static bool is_guest(const char *name)
{
	return strncmp(name, "qemu-system", 11) == 0 || strcmp(name, "qemu-kvm") == 0;
}

static bool is_softirq_thread(const struct services *s, const char *name)
{
	int core, end = 0;
	if (sscanf(name, "ksoftirqd/%d%n", &core, &end) != 1 || name[end])
		return false;
	for (int i = 0; i < s->node_count; i++)
		if (s->nodes[i].core == core)
			return true;
	return false;
}

static bool is_in_namespace(const struct services *s, int proc_fd, const char *pid)
{
	char path[32];
	struct stat own;
	snprintf(path, sizeof(path), "%.11s/ns/net", pid);
	if (fstatat(proc_fd, path, &own, 0) < 0)
		return false;
	for (int i = 0; i < s->namespace_count; i++)
		if (s->namespaces[i].st_ino == own.st_ino && s->namespaces[i].st_dev == own.st_dev)
			return true;
	return false;
}

static void follow(struct services *s, pid_t pid, const char *name)
{
	struct process_cpu before;
	if (s->count == SERVICES_MAX) {
		s->untold++;
		return;
	}
	struct service *service = &s->list[s->count];
	*service = (struct service){ .all = s };
	memcpy(service->name, name, sizeof(service->name));
	if (watched_process_open(&service->process, pid, NULL) < 0)
		return;
	if (watched_process_read(&service->process, &before) < 0) {
		watched_process_close(&service->process);
		return;
	}
	service->clock_ns = before.all_ns;
	service->process.used = use_add;
	service->process.context = service;
	s->count++;
	s->found++;
}

/* One that is known may have become another program since, even a guest. */
static void consider(struct services *s, pid_t pid, const char *name)
{
	struct service *known = s->list;
	while (known < s->list + s->count && known->process.pid != pid)
		known++;
	if (known == s->list + s->count) {
		if (!is_guest(name))
			follow(s, pid, name);
	} else if (is_guest(name)) {
		watched_process_close(&known->process);
	} else {
		memcpy(known->name, name, sizeof(known->name));
	}
}

/* Kernel threads do not come and go: they are looked for once. */
static void look(struct services *s)
{
	int64_t begin_ns = clock_now_ns();
	DIR *proc = opendir("/proc");
	char name[16];
	for (const struct dirent *entry; proc && (entry = readdir(proc)) != NULL;) {
		pid_t pid = (pid_t)atoi(entry->d_name);
		if (pid <= 0)
			continue;
		bool serves = pid == getpid() || is_in_namespace(s, dirfd(proc), entry->d_name);
		if ((serves || s->looks == 0) && name_read(dirfd(proc), entry->d_name, name) &&
		    (serves || is_softirq_thread(s, name)))
			consider(s, pid, name);
	}
	if (proc)
		closedir(proc);
	int64_t end_ns = clock_now_ns(), took_ns = end_ns - begin_ns;
	if (took_ns > s->longest_look_ns)
		s->longest_look_ns = took_ns;
	s->looks++;
	s->next_look_ns =
		end_ns + (took_ns * PAUSES_PER_LOOK > LEAST_PAUSE_NS ? took_ns * PAUSES_PER_LOOK : LEAST_PAUSE_NS);
}

struct services *services_open(const struct watched_node *nodes, int node_count)
{
	struct services *s = calloc(1, sizeof(*s));
	if (s)
		s->namespaces = calloc((size_t)node_count + 1, sizeof(*s->namespaces));
	if (!s || !s->namespaces) {
		free(s);
		return NULL;
	}
	s->nodes = nodes;
	s->node_count = node_count;
	for (int i = 0; i < node_count; i++)
		if (nodes[i].netns && stat(nodes[i].netns, &s->namespaces[s->namespace_count]) == 0)
			s->namespace_count++;
	return s;
}

/* Most have used nothing, which their clock says at once. */
static bool service_read(struct service *service)
{
	int64_t clock_ns;
	struct process_cpu now;
	if (service->process.directory_fd < 0 || watched_process_clock(&service->process, &clock_ns) < 0)
		return false;
	if (clock_ns == service->clock_ns)
		return true;
	service->clock_ns = clock_ns;
	return watched_process_read(&service->process, &now) == 0;
}

int services_read(struct services *s, const struct service_use **ret)
{
	if (clock_now_ns() >= s->next_look_ns)
		look(s);
	int alive = 0;
	for (int i = 0; i < s->count; i++) {
		struct service *service = &s->list[i];
		if (!service_read(service)) {
			watched_process_close(&service->process);
			continue;
		}
		if (alive != i) {
			s->list[alive] = *service;
			s->list[alive].process.context = &s->list[alive];
		}
		alive++;
	}
	s->count = alive;
	*ret = s->uses;
	return s->use_count;
}

void services_facts(const struct services *s, struct json_object *facts)
{
	fact_number(facts, "services", s->found);
	fact_number(facts, "services_not_counted", s->untold);
	fact_number(facts, "looks_for_services", s->looks);
	fact_number(facts, "longest_look_ns", s->longest_look_ns);
}

void services_close(struct services *s)
{
	if (!s)
		return;
	for (int i = 0; i < s->count; i++)
		watched_process_close(&s->list[i].process);
	free(s->namespaces);
	free(s);
}
