#include "bench/testbed/qdisc.h"

#include "bench/base/err.h"

#include <stdio.h>
#include <string.h>

/*
 * A burst of 16 kB is 128 us at 1 Gbit/s: the shaper's timer may be that late without losing rate; above, as long. At
 * low rates at most 10 ms of rate, but a frame. A quantum of our own, since the default (a tenth of the rate in bytes)
 * makes the kernel warn.
 */
enum { HTB_QUANTUM = 60000, HTB_BURST = 16000, HTB_BURST_LEAST = 1600 };

static int64_t htb_burst(int64_t rate_bits_per_s)
{
	double bytes_per_ns = (double)rate_bits_per_s / 8e9, timer = bytes_per_ns * 128e3, slow = bytes_per_ns * 10e6;
	double burst = timer > HTB_BURST ? timer : slow < HTB_BURST ? slow : HTB_BURST;
	return (int64_t)(burst > HTB_BURST_LEAST ? burst : HTB_BURST_LEAST);
}

/* netem's limit is in packets, and what is being delayed counts too. */
static int64_t netem_limit(const struct link_shape *s)
{
	const int64_t least = 100, unshaped = 100000;
	if (!s->rate_bits_per_s)
		return unshaped;
	double bytes =
		(double)s->queue_bytes + (double)s->rate_bits_per_s / 8e9 * (double)(s->rtt_ns + s->jitter_ns) / 2;
	int64_t packets = (int64_t)(bytes / LINK_MTU) + 1;
	return packets > least ? packets : least;
}

static int shape_netem(const struct link_shape *s, const char *device, char lines[QDISC_LINES][QDISC_ROOM])
{
	char rate[48] = "", jitter[48] = "", loss[48] = "";
	if (s->rate_bits_per_s)
		snprintf(rate, sizeof(rate), " rate %lldbit", (long long)s->rate_bits_per_s);
	if (s->jitter_ns)
		snprintf(jitter, sizeof(jitter), " %.3fus", (double)s->jitter_ns / 2e3);
	if (s->loss > 0)
		snprintf(loss, sizeof(loss), " loss %.7f%%", s->loss * 100);
	snprintf(lines[0], QDISC_ROOM, "qdisc add dev %s root netem limit %lld delay %.3fus%s%s%s", device,
	         (long long)netem_limit(s), (double)s->rtt_ns / 2e3, jitter, loss, rate);
	return 1;
}

static int shape_htb(const struct link_shape *s, const char *device, char lines[QDISC_LINES][QDISC_ROOM])
{
	long long burst = (long long)htb_burst(s->rate_bits_per_s);
	if (!s->rate_bits_per_s)
		return 0;
	snprintf(lines[0], QDISC_ROOM, "qdisc add dev %s root handle 1: htb default 1", device);
	snprintf(lines[1], QDISC_ROOM,
	         "class add dev %s parent 1: classid 1:1 htb rate %lldbit burst %lld cburst %lld quantum %d", device,
	         (long long)s->rate_bits_per_s, burst, burst, HTB_QUANTUM);
	snprintf(lines[2], QDISC_ROOM, "qdisc add dev %s parent 1:1 handle 10: bfifo limit %lld", device,
	         (long long)s->queue_bytes);
	return 3;
}

int qdisc_shape(enum link_backend backend, const struct link_shape *shape, const char *device,
                char lines[QDISC_LINES][QDISC_ROOM])
{
	return backend == LINK_NETEM ? shape_netem(shape, device, lines)
	       : backend == LINK_HTB ? shape_htb(shape, device, lines)
	                             : 0;
}

/* ---- putting back ---- */

/* Qdiscs whose options tc prints as it takes them, but for units it adds. */
static const char *const restorable[] = { "pfifo", "bfifo", "fq",    "fq_codel", "codel",
	                                  "sfq",   "tbf",   "netem", "cake",     NULL };

/* "10240p" and "10sec", of which tc takes the number only. */
static void unit_drop(char *word)
{
	size_t digits = strspn(word, "0123456789");
	if (digits && (strcmp(word + digits, "p") == 0 || strcmp(word + digits, "sec") == 0))
		word[digits] = '\0';
}

struct root {
	char kind[32], handle[16], options[QDISC_ROOM];
};

/* "qdisc KIND HANDLE: [dev DEV] root [refcnt N] OPTIONS" in words. */
static void root_read(char *line, struct root *ret)
{
	char *save = NULL, *word = strtok_r(line, " ", &save);
	size_t used = 0;
	int before_root = 1;
	word = strtok_r(NULL, " ", &save);
	snprintf(ret->kind, sizeof(ret->kind), "%s", word ? word : "");
	word = strtok_r(NULL, " ", &save);
	snprintf(ret->handle, sizeof(ret->handle), "%s", word ? word : "");
	while ((word = strtok_r(NULL, " ", &save))) {
		if (strcmp(word, "root") == 0) {
			before_root = 0;
		} else if (strcmp(word, "refcnt") == 0) {
			strtok_r(NULL, " ", &save);
		} else if (!before_root && used < sizeof(ret->options)) {
			unit_drop(word);
			used += (size_t)snprintf(ret->options + used, sizeof(ret->options) - used, " %s", word);
		}
	}
}

static int cannot(const struct root *root, const char *device, const char *why, struct err *e)
{
	return err_set(
		e, EXIT_CANNOT,
		"'%s' has a qdisc of its own (%s %s) %s: migmeter would not be able to put it back; name another "
		"interface, or set link.rate = 0 and link.rtt = 0ms",
		device, root->kind, root->handle, why);
}

int qdisc_restore(const char *shown, const char *device, char line[QDISC_ROOM], struct err *e)
{
	char text[8192], parent[32], *save = NULL;
	struct root root = { "", "", "" };
	int filters = 0;
	line[0] = '\0';
	snprintf(text, sizeof(text), "%s", shown);
	for (char *one = strtok_r(text, "\n", &save); one; one = strtok_r(NULL, "\n", &save)) {
		filters |= strncmp(one, "filter ", 7) == 0;
		if (strncmp(one, "qdisc ", 6) == 0 && strstr(one, " root"))
			root_read(one, &root);
	}
	if (filters)
		return cannot(&root, device, "with filters", e);
	if (!root.handle[0] || strcmp(root.handle, "0:") == 0)
		return 0;
	snprintf(parent, sizeof(parent), " parent %s", root.handle);
	if (strstr(shown, parent))
		return cannot(&root, device, "with others below it", e);
	for (int i = 0; restorable[i]; i++)
		if (strcmp(restorable[i], root.kind) == 0) {
			int length = snprintf(line, QDISC_ROOM, "qdisc add dev %s root handle %s %s%s", device,
			                      root.handle, root.kind, root.options);
			return length < QDISC_ROOM ? 0 : cannot(&root, device, "with long options", e);
		}
	return cannot(&root, device, "of a kind with classes or options that tc does not take back as it prints them",
	              e);
}

char *qdisc_undo_script(const char *line, const char *device, char script[QDISC_UNDO_ROOM])
{
	int used =
		snprintf(script, QDISC_UNDO_ROOM,
	                 "case $(tc qdisc show dev %s) in *' 0: root'*) ;; *) must tc qdisc del dev %s root;; esac\n",
	                 device, device);
	if (line[0])
		snprintf(script + used, (size_t)(QDISC_UNDO_ROOM - used), "must tc %s\n", line);
	return script;
}
