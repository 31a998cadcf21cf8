/*
 * The link collector: what a link's device has sent, received and dropped, cumulative, every link_interval_ns.
 *
 * Counters are the device's own at the watched end. A packet is what the kernel hands over, so a TCP super-frame of
 * up to 64 KiB counts as one, and bytes hold its headers once. Drops are
 *	tx	the device's, and those of its root qdisc (htb, netem); through the link emulator, its queue drops and
 *		random losses in that direction
 *	rx	the device's, and the emulator's in that direction; an htb or netem on the other end is not seen here
 * The emulator's are up to 0.2 s old (link_stats.h): its device's alias says where they are.
 */
#include "collectors/collector.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/netns.h"
#include "bench/base/series.h"
#include "bench/testbed/link.h"
#include "bench/testbed/link_stats.h"
#include "collectors/netlink.h"

#include <errno.h>
#include <inttypes.h>
#include <json-c/json.h>
#include <linux/gen_stats.h>
#include <linux/if.h>
#include <linux/if_link.h>
#include <linux/netlink.h>
#include <linux/pkt_sched.h>
#include <linux/rtnetlink.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define STATS_INTERVAL_NS (200 * NS_PER_MS) /* no newer ones come */

struct counters {
	int index; /* of the device */
	struct rtnl_link_stats64 device;
	bool queues;         /* there is a root qdisc that keeps packets */
	int64_t qdisc_drops; /* of it; -1: none */
	char alias[256];
};

struct watched {
	const struct watched_link *link;
	int netlink;               /* in the link's namespace */
	int64_t emulator_drops[2]; /* tx, rx */
	int64_t emulator_read_ns;
	bool has_qdisc_drops, has_emulator;
	int64_t rows, unread; /* instants */
};

struct link_state {
	struct series *series;
	struct watched *watched;
	int count;
	int64_t interval_ns, slots_missed;
	int stop;
	pthread_mutex_t lock;
	pthread_cond_t ended;
	pthread_t thread;
};

static void take_link(void *context, struct nlmsghdr *h)
{
	struct counters *c = context;
	struct ifinfomsg *info = NLMSG_DATA(h);
	int left = (int)IFLA_PAYLOAD(h);
	if (h->nlmsg_type != RTM_NEWLINK)
		return;
	c->index = info->ifi_index;
	for (struct rtattr *a = IFLA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		size_t size = RTA_PAYLOAD(a);
		if (a->rta_type == IFLA_STATS64)
			memcpy(&c->device, RTA_DATA(a), size < sizeof(c->device) ? size : sizeof(c->device));
		else if (a->rta_type == IFLA_IFALIAS)
			snprintf(c->alias, sizeof(c->alias), "%.*s", (int)size, (const char *)RTA_DATA(a));
		else if (a->rta_type == IFLA_QDISC)
			c->queues = strncmp(RTA_DATA(a), "noqueue", size) != 0;
	}
}

static void take_qdisc(void *context, struct nlmsghdr *h)
{
	struct counters *c = context;
	struct tcmsg *info = NLMSG_DATA(h);
	int left = (int)TCA_PAYLOAD(h);
	if (h->nlmsg_type != RTM_NEWQDISC || info->tcm_ifindex != c->index || info->tcm_parent != TC_H_ROOT)
		return;
	for (struct rtattr *a = TCA_RTA(info); RTA_OK(a, left); a = RTA_NEXT(a, left)) {
		int inner_left = (int)RTA_PAYLOAD(a);
		if ((a->rta_type & NLA_TYPE_MASK) != TCA_STATS2)
			continue;
		for (struct rtattr *i = RTA_DATA(a); RTA_OK(i, inner_left); i = RTA_NEXT(i, inner_left))
			if (i->rta_type == TCA_STATS_QUEUE && RTA_PAYLOAD(i) >= sizeof(struct gnet_stats_queue))
				c->qdisc_drops = ((struct gnet_stats_queue *)RTA_DATA(i))->drops;
	}
}

static int read_counters(struct watched *w, struct counters *ret)
{
	struct {
		struct nlmsghdr header;
		struct ifinfomsg info;
		char attribute[RTA_SPACE(IFNAMSIZ)];
	} link = { .header = { .nlmsg_type = RTM_GETLINK } };
	struct {
		struct nlmsghdr header;
		struct tcmsg info;
	} qdisc = { .header = { .nlmsg_type = RTM_GETQDISC, .nlmsg_len = NLMSG_LENGTH(sizeof(struct tcmsg)) } };
	struct rtattr *name = (struct rtattr *)(void *)link.attribute;
	size_t length = strlen(w->link->device) + 1;

	/* By name, so that a device that was made again is found again. */
	name->rta_type = IFLA_IFNAME;
	name->rta_len = (unsigned short)RTA_LENGTH(length);
	memcpy(RTA_DATA(name), w->link->device, length);
	link.header.nlmsg_len = (uint32_t)(NLMSG_LENGTH(sizeof(link.info)) + RTA_ALIGN(name->rta_len));
	*ret = (struct counters){ .qdisc_drops = -1 };
	int failed = netlink_ask(w->netlink, &link.header, take_link, ret);
	if (failed)
		return failed;
	/* The kernel answers a request for one qdisc to its multicast listeners only; a dump comes to us. */
	qdisc.header.nlmsg_flags = NLM_F_DUMP;
	qdisc.info.tcm_ifindex = ret->index;
	return ret->queues ? netlink_ask(w->netlink, &qdisc.header, take_qdisc, ret) : 0;
}

/* An emulator that ended leaves its last counters, which stay true. */
static void read_emulator(struct watched *w, const char *alias, int64_t now_ns)
{
	struct link_stats stats;
	size_t prefix = strlen(LINK_STATS_ALIAS);
	if (strncmp(alias, LINK_STATS_ALIAS, prefix) != 0 || (alias[prefix] != 'a' && alias[prefix] != 'b') ||
	    alias[prefix + 1] != ':')
		return;
	if (w->has_emulator && now_ns - w->emulator_read_ns < STATS_INTERVAL_NS)
		return;
	if (link_stats_read(alias + prefix + 2, &stats, NULL) < 0)
		return;
	for (int way = 0; way < 2; way++) {
		const struct link_direction_stats *s = &stats.direction[alias[prefix] == 'a' ? way : 1 - way];
		w->emulator_drops[way] = s->dropped + s->lost + s->refused;
	}
	w->has_emulator = true;
	w->emulator_read_ns = now_ns;
}

static void sample(struct link_state *state, struct watched *w)
{
	struct counters c;
	if (read_counters(w, &c) < 0) {
		w->unread++;
		return;
	}
	int64_t now = clock_now_ns();
	read_emulator(w, c.alias, now);
	w->has_qdisc_drops |= c.qdisc_drops >= 0;
	int64_t tx_drops =
		(int64_t)c.device.tx_dropped + (c.qdisc_drops > 0 ? c.qdisc_drops : 0) + w->emulator_drops[0];
	int64_t rx_drops = (int64_t)c.device.rx_dropped + w->emulator_drops[1];
	series_row(state->series, "%" PRId64 ",%s,%s,%" PRIu64 ",%" PRIu64 ",%" PRId64, now, w->link->name,
	           w->link->tx_name, (uint64_t)c.device.tx_bytes, (uint64_t)c.device.tx_packets, tx_drops);
	series_row(state->series, "%" PRId64 ",%s,%s,%" PRIu64 ",%" PRIu64 ",%" PRId64, now, w->link->name,
	           w->link->rx_name, (uint64_t)c.device.rx_bytes, (uint64_t)c.device.rx_packets, rx_drops);
	w->rows += 2;
}

static void *link_main(void *argument)
{
	struct link_state *state = argument;
	int64_t next = clock_now_ns();
	pthread_mutex_lock(&state->lock);
	while (!state->stop) {
		pthread_mutex_unlock(&state->lock);
		for (int i = 0; i < state->count; i++)
			sample(state, &state->watched[i]);
		next += state->interval_ns;
		int64_t late = clock_now_ns() - next;
		if (late > 0) {
			int64_t missed = late / state->interval_ns + 1;
			state->slots_missed += missed;
			next += missed * state->interval_ns;
		}
		struct timespec until = clock_to_timespec(next);
		pthread_mutex_lock(&state->lock);
		while (!state->stop && pthread_cond_timedwait(&state->ended, &state->lock, &until) != ETIMEDOUT)
			;
	}
	pthread_mutex_unlock(&state->lock);
	/* The end of the run is in the series. */
	for (int i = 0; i < state->count; i++)
		sample(state, &state->watched[i]);
	return NULL;
}

static void link_free(struct link_state *state)
{
	for (int i = 0; i < state->count; i++)
		if (state->watched[i].netlink >= 0)
			close(state->watched[i].netlink);
	pthread_cond_destroy(&state->ended);
	pthread_mutex_destroy(&state->lock);
	free(state->watched);
	free(state);
}

static int link_start(const struct watch *watch, void **ret_state, struct err *e)
{
	struct counters c;
	struct link_state *state = calloc(1, sizeof(*state));
	if (!state || !(state->watched = calloc((size_t)watch->link_count + 1, sizeof(*state->watched)))) {
		free(state);
		return err_errno(e, EXIT_CANNOT, "cannot watch links");
	}
	state->interval_ns = watch->link_interval_ns;
	pthread_mutex_init(&state->lock, NULL);
	clock_condition_init(&state->ended);
	for (; state->count < watch->link_count; state->count++) {
		struct watched *w = &state->watched[state->count];
		const struct watched_link *l = &watch->links[state->count];
		w->link = l;
		w->netlink = -1;
		if (strlen(l->device) >= IFNAMSIZ) {
			err_set(e, EXIT_USAGE, "link '%s': device name too long: '%s'", l->name, l->device);
			goto fail;
		}
		w->netlink = netns_socket(l->netns, AF_NETLINK, SOCK_RAW, NETLINK_ROUTE, e);
		if (w->netlink < 0)
			goto fail;
		int failed = read_counters(w, &c);
		if (failed) {
			err_set(e, EXIT_CANNOT, "link '%s': cannot read device '%s': %s", l->name, l->device,
			        strerror(-failed));
			close(w->netlink);
			goto fail;
		}
	}
	if (series_create(&state->series, watch->directory, "link.csv", "head_ns,link,direction,bytes,packets,drops",
	                  e) < 0)
		goto fail;
	errno = pthread_create(&state->thread, NULL, link_main, state);
	if (errno) {
		err_errno(e, EXIT_CANNOT, "cannot start the link collector");
		series_close(state->series, NULL);
		goto fail;
	}
	*ret_state = state;
	return 0;
fail:
	link_free(state);
	return -1;
}

static int link_stop(void *argument, struct json_object *facts, struct err *e)
{
	struct link_state *state = argument;
	pthread_mutex_lock(&state->lock);
	state->stop = 1;
	pthread_cond_signal(&state->ended);
	pthread_mutex_unlock(&state->lock);
	pthread_join(state->thread, NULL);

	struct json_object *links = json_object_new_object();
	for (int i = 0; i < state->count; i++) {
		const struct watched *w = &state->watched[i];
		struct json_object *link = json_object_new_object();
		fact_number(link, "rows", w->rows);
		fact_number(link, "unread", w->unread);
		fact_text(link, "drops_counted_at",
		          w->has_emulator      ? "device, link emulator"
		          : w->has_qdisc_drops ? "device, qdisc (sending only)"
		                               : "device");
		json_object_object_add(links, w->link->name, link);
	}
	json_object_object_add(facts, "links", links);
	fact_number(facts, "slots_missed", state->slots_missed);
	int result = series_close(state->series, e);
	link_free(state);
	return result;
}

const struct collector_ops link_collector = {
	.name = "link",
	.files = "link.csv",
	.help = "bytes, packets and drops of each link, both ways, cumulative",
	.start = link_start,
	.stop = link_stop,
};
