/* What is known of a domain of the user's before it is moved. Declared in remote_checking.h. */
#include "bench/experiment/remote_checking.h"

#include "bench/base/err.h"
#include "bench/base/quantity.h"
#include "bench/experiment/experiment.h"
#include "bench/experiment/guests.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char disk_purpose[] = "the domain's disk is the same on both nodes";

/* The same inode of the same thing that is mounted; a file system of one machine is that machine's. */
static void check_file(struct checking *c, const char *domain, const char *path)
{
	char seen[HOSTS][400];
	for (int i = 0; i < HOSTS; i++)
		checking_ask(&c->hosts[i], seen[i], sizeof(seen[i]),
		             "( i=$(stat -L -c 'inode %%i' '%s' 2>/dev/null) &&\n"
		             "m=$(findmnt -n -o SOURCE,FSTYPE -T '%s' | tr -s '\\n ' ' ') || exit 1\n"
		             "case $m in *ext?\\ |*xfs\\ |*btrfs\\ |*tmpfs\\ |*overlay\\ )\n"
		             "	read -r b </proc/sys/kernel/random/boot_id; m=\"$m of machine $b\" ;; esac\n"
		             "echo \"$i of $m\" )",
		             path, path);
	bool same = seen[0][0] && strcmp(seen[0], seen[1]) == 0;
	checking_say(c, domain, "storage", same ? "yes" : "no", disk_purpose, "'%s' is %s on src, %s on dst", path,
	             seen[0][0] ? seen[0] : "not there", seen[1][0] ? seen[1] : "not there");
}

/* It can be said where there is none. */
static void check_device(struct checking *c, const char *domain, const char *path)
{
	char seen[HOSTS][8];
	for (int i = 0; i < HOSTS; i++)
		checking_ask(&c->hosts[i], seen[i], sizeof(seen[i]), "[ -e '%s' ] && echo yes", path);
	if (seen[0][0] && seen[1][0])
		checking_say(c, domain, "storage", "degraded", disk_purpose,
		             "'%s' is on both, and whether it is one disk cannot be told of a device", path);
	else
		checking_say(c, domain, "storage", "no", disk_purpose, "'%s' is not there on %s", path,
		             seen[0][0] ? "dst" : "src");
}

/* All sources that begin so, which are absolute paths; how many. */
static int check_sources(struct checking *c, const char *domain, const char *document, const char *mark,
                         void (*check)(struct checking *c, const char *domain, const char *path))
{
	char path[600];
	int count = 0;
	for (const char *at = document; (at = strstr(at, mark)); count++) {
		at += strlen(mark);
		snprintf(path, sizeof(path), "/%.*s", (int)strcspn(at, "'"), at);
		if (strpbrk(path, "\"$`\\&"))
			checking_say(c, domain, "storage", "degraded", disk_purpose,
			             "'%s' is no name that a shell is asked about", path);
		else
			check(c, domain, path);
	}
	return count;
}

void checking_disks(struct checking *c, const char *domain, const char *document)
{
	/* A network's card has a device, too, but no path of one. */
	int disks = check_sources(c, domain, document, "<source file='/", check_file);
	disks += check_sources(c, domain, document, "<source dev='/", check_device);
	if (!disks)
		checking_say(c, domain, "storage", "yes", disk_purpose, "no disk of it is a file or a device");
}

/* What metrics are shares of. */
static void check_size(struct checking *c, virConnectPtr connection, const struct experiment_vm *vm)
{
	int64_t bytes = 0;
	char is[32], set[32];
	struct err e = { 0 };
	if (hypervisor_domain_memory(connection, vm->domain, &bytes, &e) < 0)
		checking_say(c, vm->domain, "memory", "no", "as the config says", "%s", e.text);
	else
		checking_say(c, vm->domain, "memory", bytes == vm->memory_bytes ? "yes" : "no", "as the config says",
		             "it has %s, and %s.memory is %s", size_format(bytes, is, sizeof(is)), vm->name,
		             size_format(vm->memory_bytes, set, sizeof(set)));
}

static void check_domain(struct checking *c, virConnectPtr connection, const struct experiment_vm *vm)
{
	char *document = NULL;
	struct err e = { 0 };
	if (!connection) /* nobody can be asked */
		return;
	bool there = hypervisor_domain_document(connection, vm->domain, &document, &e) == 0;
	checking_say(c, vm->domain, "domain", there ? "yes" : "no", "a domain of yours, which is left as it is",
	             "%s%s", there ? "it runs on " : e.text, there ? vm->node : "");
	if (there) {
		check_size(c, connection, vm);
		checking_disks(c, vm->domain, document);
	}
	free(document);
}

void checking_domains(struct checking *c)
{
	const struct experiment *x = c->x;
	for (int i = 0; i < x->vm_count; i++) {
		const struct experiment_vm *vm = &x->vms[i];
		char words[2 * 2048];
		struct err e = { 0 };
		int at = strcmp(vm->node, "dst") == 0;
		if (!vm->domain[0])
			continue;
		check_domain(c, c->connections[at], vm);
		if (guest_agent_words(x, i, words, sizeof(words), &e) == 0)
			checking_say(c, vm->domain, "agent", "yes", "started by you in it",
			             "migmeter-guest --host %s", words);
		else
			checking_say(c, vm->domain, "agent", "no", "started by you in it", "%s", e.text);
	}
}
