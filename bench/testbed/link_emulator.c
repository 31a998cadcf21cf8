#include "bench/testbed/link_emulator.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/base/helper.h"
#include "bench/base/netns.h"
#include "bench/base/option.h"
#include "bench/base/process.h"
#include "bench/testbed/link_stats.h"
#include "bench/testbed/link_wire.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <linux/virtio_net.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#define SPIN_NS (100 * NS_PER_US)
#define IDLE_NS (100 * NS_PER_MS) /* longest sleep: how soon an end is noticed */
#define STATS_INTERVAL_NS (200 * NS_PER_MS)

struct pump {
	int in, out; /* TAPs */
	int core;
	struct wire *wire;
	struct link_direction_stats stats;
	int *stop;
	pthread_t thread;
};

struct tap {
	const char *device;
	int segments; /* whole TCP segments may come */
	int fd;
};

/* Runs in the TAP's namespace. */
static int tap_open(void *argument, struct err *e)
{
	struct tap *t = argument;
	struct ifreq r = { 0 };
	int header = sizeof(struct virtio_net_hdr);
	unsigned offload = TUN_F_CSUM | (t->segments ? TUN_F_TSO4 | TUN_F_TSO6 | TUN_F_TSO_ECN : 0);
	/* EXCL: never take over a device that somebody else left. */
	r.ifr_flags = (short)(IFF_TAP | IFF_NO_PI | IFF_VNET_HDR | IFF_TUN_EXCL);
	snprintf(r.ifr_name, sizeof(r.ifr_name), "%s", t->device);
	int fd = open("/dev/net/tun", O_RDWR | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		return err_errno(e, EXIT_CANNOT, "cannot open '/dev/net/tun'");
	int s = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	int bad = s < 0 || ioctl(fd, TUNSETIFF, &r) < 0 || ioctl(fd, TUNSETOFFLOAD, offload) < 0 ||
	          ioctl(fd, TUNSETVNETHDRSZ, &header) < 0;
	if (!bad) {
		r.ifr_mtu = LINK_MTU;
		bad = ioctl(s, SIOCSIFMTU, &r) < 0 || ioctl(s, SIOCGIFFLAGS, &r) < 0;
		r.ifr_flags |= IFF_UP;
		bad = bad || ioctl(s, SIOCSIFFLAGS, &r) < 0;
	}
	if (bad) {
		err_errno(e, EXIT_CANNOT, "cannot make TAP '%s'", t->device);
		close(fd);
	}
	if (s >= 0)
		close(s);
	t->fd = fd;
	return bad ? -1 : 0;
}

static void be_punctual(const struct pump *p)
{
	struct process_place place = { .core = p->core };
	struct sched_param param = { .sched_priority = 10 };
	prctl(PR_SET_TIMERSLACK, 1UL);
	process_enter(&place, NULL);
	pthread_setschedparam(pthread_self(), SCHED_FIFO, &param);
}

static void send_due(struct pump *p)
{
	int64_t now = clock_now_ns();
	while (wire_due(p->wire) <= now) {
		size_t length;
		int64_t bytes, late = now - wire_due(p->wire);
		const unsigned char *frame = wire_frame(p->wire, &length, &bytes);
		if (write(p->out, frame, length) == (ssize_t)length) {
			link_stats_add(&p->stats.forwarded, 1);
			link_stats_add(&p->stats.bytes, bytes);
			link_stats_late(&p->stats, late);
		} else {
			link_stats_add(&p->stats.refused, 1);
		}
		wire_done(p->wire);
		now = clock_now_ns();
	}
}

/* Take what has come, but never let a departure wait for more than one read. Returns frames, or -1 at the end. */
static int take_arrived(struct pump *p)
{
	int count = 0;
	for (unsigned char *room; count < 64 && (room = wire_room(p->wire)); count++) {
		ssize_t n = read(p->in, room, WIRE_FRAME_ROOM);
		if (n < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (n <= 0)
			return -1; /* the device is gone, with its namespace or by hand */
		int64_t now = clock_now_ns();
		enum wire_fate fate = wire_arrive(p->wire, (size_t)n, now);
		if (fate != WIRE_KEPT)
			link_stats_add(fate == WIRE_LOST ? &p->stats.lost : &p->stats.dropped, 1);
		if (wire_due(p->wire) <= now)
			return count + 1;
	}
	return count;
}

static void *pump_main(void *argument)
{
	struct pump *p = argument;
	be_punctual(p);
	while (!__atomic_load_n(p->stop, __ATOMIC_RELAXED)) {
		send_due(p);
		int taken = take_arrived(p);
		if (taken < 0)
			__atomic_store_n(p->stop, 1, __ATOMIC_RELAXED);
		if (taken)
			continue;
		int64_t due = wire_due(p->wire), left = due == INT64_MAX ? IDLE_NS : due - clock_now_ns() - SPIN_NS;
		if (left <= 0)
			continue; /* spin */
		struct timespec timeout = clock_to_timespec(left < IDLE_NS ? left : IDLE_NS);
		/* A full store: let the TAP's own queue fill until something has left. */
		struct pollfd ready = { .fd = p->in, .events = wire_room(p->wire) ? POLLIN : 0 };
		ppoll(&ready, 1, &timeout, NULL);
	}
	return NULL;
}

static void write_stats(const struct pump pump[2], const char *path)
{
	struct link_stats s = { .head_ns = clock_now_ns() };
	struct err e = { 0 };
	int policy = 0;
	struct sched_param param;
	if (!path[0])
		return;
	s.realtime = pthread_getschedparam(pump[0].thread, &policy, &param) == 0 && policy == SCHED_FIFO;
	for (int d = 0; d < 2; d++)
		link_stats_snapshot(&pump[d].stats, &s.direction[d]);
	if (link_stats_write(path, &s, &e) < 0)
		fprintf(stderr, "%s\n", e.text);
}

static int set_up(struct pump pump[2], const struct link_end end[2], const struct link_shape *shape, struct err *e)
{
	struct tap tap[2];
	for (int i = 0; i < 2; i++) {
		struct wire_shape w = { .rate_bits_per_s = shape->rate_bits_per_s,
			                .delay_ns = shape->rtt_ns / 2,
			                .jitter_ns = shape->jitter_ns / 2,
			                .loss = shape->loss,
			                .queue_bytes = shape->queue_bytes,
			                .seed = 2 * shape->seed + (uint64_t)i };
		/* A lost super-frame would be up to 44 frames at once: with loss, frames come one by one. */
		tap[i] = (struct tap){ .device = end[i].device, .segments = shape->loss == 0 };
		if (netns_call(end[i].netns, tap_open, &tap[i], e) < 0 || wire_create(&pump[i].wire, &w, e) < 0)
			return -1;
		pump[i].core = end[i].core;
	}
	for (int i = 0; i < 2; i++) {
		pump[i].in = tap[i].fd;
		pump[i].out = tap[1 - i].fd;
	}
	return 0;
}

/* Make the link, call ready(), and carry frames until a signal. Descriptors and memory go with the process. */
static int emulate(const struct link_end end[2], const struct link_shape *shape, const char *stats_path,
                   void (*ready)(void *), void *argument, struct err *e)
{
	struct pump pump[2] = { { 0 } };
	int stop = 0, started = 0;
	sigset_t ends;
	sigemptyset(&ends);
	sigaddset(&ends, SIGTERM);
	sigaddset(&ends, SIGINT);
	sigaddset(&ends, SIGHUP);
	pthread_sigmask(SIG_BLOCK, &ends, NULL);
	if (set_up(pump, end, shape, e) < 0)
		return -1;
	for (; started < 2; started++) {
		pump[started].stop = &stop;
		errno = pthread_create(&pump[started].thread, NULL, pump_main, &pump[started]);
		if (errno) {
			err_errno(e, EXIT_CANNOT, "cannot start a link thread");
			break;
		}
	}
	if (started == 2) {
		write_stats(pump, stats_path);
		ready(argument);
		struct timespec tick = clock_to_timespec(STATS_INTERVAL_NS);
		while (sigtimedwait(&ends, NULL, &tick) < 0 && !__atomic_load_n(&stop, __ATOMIC_RELAXED))
			write_stats(pump, stats_path);
		write_stats(pump, stats_path);
	}
	__atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
	for (int i = 0; i < started; i++)
		pthread_join(pump[i].thread, NULL);
	return started == 2 ? 0 : -1;
}

struct helper_job {
	const struct link_end *end;
	const struct link_shape *shape;
	const char *stats_path;
};

static void tell_ready(void *argument)
{
	helper_ready(*(const int *)argument);
}

static int helper_run(void *argument, int channel, struct err *e)
{
	const struct helper_job *job = argument;
	/* Who looks for the testbed's processes finds it there. */
	const struct process_place place = { .netns = job->end[0].netns };
	if (process_enter(&place, e) < 0)
		return -1;
	return emulate(job->end, job->shape, job->stats_path, tell_ready, &channel, e);
}

int link_emulator_start(const struct link_end *a, const struct link_end *b, const struct link_shape *shape,
                        const char *stats_path, const char *log_path, struct undo *undo, pid_t *ret_pid,
                        struct err *e)
{
	const struct helper_spec spec = { "mm-link", "link emulator", log_path, undo };
	struct link_end end[2] = { *a, *b };
	struct helper_job job = { end, shape, stats_path };
	return helper_start(&spec, helper_run, &job, ret_pid, e);
}

struct arguments {
	char netns_a[OPTION_STRING_ROOM], netns_b[OPTION_STRING_ROOM];
	char device_a[OPTION_STRING_ROOM], device_b[OPTION_STRING_ROOM];
	char stats[OPTION_STRING_ROOM];
	int64_t rate, rtt, jitter, queue, seed, core_a, core_b;
	double loss;
};

/* clang-format off */
#define ROW(name, type, initial, low, high, help) { #name, type, offsetof(struct arguments, name), initial, low, high, help }
static const struct option_row rows[] = {
	ROW(netns_a, OPTION_STRING, "", NULL, NULL, "path of the first end's network namespace"),
	ROW(device_a, OPTION_STRING, "", NULL, NULL, "name of its TAP"),
	ROW(netns_b, OPTION_STRING, "", NULL, NULL, "path of the second end's network namespace"),
	ROW(device_b, OPTION_STRING, "", NULL, NULL, "name of its TAP"),
	ROW(rate, OPTION_RATE, "0", NULL, NULL, "each way; 0: unshaped"),
	ROW(rtt, OPTION_DURATION, "0", NULL, "10s", "round trip, half of it each way"),
	ROW(jitter, OPTION_DURATION, "0", NULL, "10s", "the round trip varies by so much up and down"),
	ROW(loss, OPTION_FRACTION, "0", NULL, "0.5", "probability that a frame is lost"),
	ROW(queue, OPTION_SIZE, "0", NULL, NULL, "bytes; 0: 50 ms of rate"),
	ROW(seed, OPTION_INTEGER, "1", NULL, NULL, "of loss and jitter"),
	ROW(core_a, OPTION_INTEGER, "0", NULL, NULL, "1 + core of the thread that reads the first end; 0: any"),
	ROW(core_b, OPTION_INTEGER, "0", NULL, NULL, "1 + core of the thread that reads the second end; 0: any"),
	ROW(stats, OPTION_STRING, "", NULL, NULL, "file for the counters"),
	OPTION_END,
};
#undef ROW
/* clang-format on */

static void say_ready(void *argument)
{
	(void)argument;
	puts("ready");
	fflush(stdout);
}

int link_emulator_main(int argc, char **argv)
{
	struct arguments a;
	struct err e = { 0 };
	if (option_defaults(rows, &a, &e) < 0)
		return err_report(&e);
	for (int i = 1; i < argc; i++) {
		char name[64];
		char *equals = strchr(argv[i], '=');
		snprintf(name, sizeof(name), "%.*s", equals ? (int)(equals - argv[i]) : 0, argv[i]);
		if (!equals)
			err_set(&e, EXIT_USAGE, "expected NAME=VALUE, not '%s'", argv[i]);
		if (!equals || option_set(rows, &a, name, equals + 1, &e) < 0)
			return err_report(&e);
	}
	/* Without a name the kernel would choose one, without a namespace the machine's own would get the device. */
	if (!a.netns_a[0] || !a.device_a[0] || !a.netns_b[0] || !a.device_b[0]) {
		err_set(&e, EXIT_USAGE, "a link needs netns_a, device_a, netns_b and device_b");
		return err_report(&e);
	}
	struct link_end end[2] = { { a.netns_a, NULL, a.device_a, (int)a.core_a },
		                   { a.netns_b, NULL, a.device_b, (int)a.core_b } };
	struct link_shape shape = { a.rate, a.rtt, a.jitter, a.loss, a.queue, (uint64_t)a.seed };
	if (link_check_shape(&shape, &e) < 0 || emulate(end, &shape, a.stats, say_ready, NULL, &e) < 0)
		return err_report(&e);
	return EXIT_DONE;
}
