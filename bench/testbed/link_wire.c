#include "bench/testbed/link_wire.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"

#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

enum {
	VNET_HEADER = sizeof(struct virtio_net_hdr),
	FRAME_LEAST = 60, /* without FCS */
	FRAME_EXTRA = 24, /* FCS 4, preamble 8, gap 12 */
	TCP_LEAST = 20,
};

struct record {
	int64_t due_ns;
	int64_t wire_bytes;
	size_t length;
};

struct wire {
	struct wire_shape shape;
	int64_t queue_ns;     /* the queue's length in time at the rate */
	int64_t departure_ns; /* of the last frame */
	int64_t epoch_ns;     /* of the first frame: jitter's time zero */
	int64_t knot_ns;      /* between two random values of the jitter */
	uint64_t random;
	unsigned char *store;         /* a ring of records; one never wraps inside */
	size_t size, head, tail, end; /* end: where the part before the wrap stops */
	int wrapped;                  /* tail is behind head */
	int64_t count;
};

/* Vigna's splitmix64: good enough for loss, and stateless use gives the jitter's value at any knot. */
static uint64_t mix(uint64_t x)
{
	x += UINT64_C(0x9e3779b97f4a7c15);
	x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
	x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
	return x ^ (x >> 31);
}

static double unit(uint64_t x)
{
	return (double)(mix(x) >> 11) * 0x1p-53;
}

static size_t store_size(const struct wire_shape *s)
{
	const double least = 4 << 20, most = 1 << 30, unshaped = 256 << 20;
	/* Twice, since a short frame takes more room here than on the wire. */
	double on_wire = (double)s->rate_bits_per_s / 8e9 * (double)(s->delay_ns + s->jitter_ns);
	double size = least + 2 * (on_wire + (double)s->queue_bytes);
	if (!s->rate_bits_per_s)
		size = s->delay_ns ? unshaped : least;
	return (size_t)(size < most ? size : most) & ~(size_t)4095;
}

int wire_create(struct wire **ret, const struct wire_shape *shape, struct err *e)
{
	struct wire *w = calloc(1, sizeof(*w));
	if (!w)
		return err_errno(e, EXIT_CANNOT, "cannot keep a wire");
	w->shape = *shape;
	w->random = mix(shape->seed);
	w->knot_ns = 4 * shape->jitter_ns > NS_PER_MS ? 4 * shape->jitter_ns : NS_PER_MS;
	if (shape->rate_bits_per_s)
		w->queue_ns = (int64_t)((double)shape->queue_bytes * 8e9 / (double)shape->rate_bits_per_s);
	w->size = store_size(shape);
	w->store = mmap(NULL, w->size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (w->store == MAP_FAILED) {
		free(w);
		return err_errno(e, EXIT_CANNOT, "cannot keep %zu bytes of frames", store_size(shape));
	}
	*ret = w;
	return 0;
}

void wire_free(struct wire *w)
{
	if (!w)
		return;
	munmap(w->store, w->size);
	free(w);
}

int64_t wire_bytes(const unsigned char *frame, size_t length)
{
	struct virtio_net_hdr h;
	memcpy(&h, frame, sizeof(h));
	const unsigned char *ethernet = frame + VNET_HEADER;
	size_t size = length - VNET_HEADER;
	int type = h.gso_type & ~VIRTIO_NET_HDR_GSO_ECN;
	if (type == VIRTIO_NET_HDR_GSO_NONE || !h.gso_size)
		return (int64_t)(size < FRAME_LEAST ? FRAME_LEAST : size) + FRAME_EXTRA;

	/* The kernel's hdr_len is the linear part, a hint only; a super-frame's checksum starts at its TCP header. */
	size_t headers = h.hdr_len;
	if (h.flags & VIRTIO_NET_HDR_F_NEEDS_CSUM && (size_t)h.csum_start + TCP_LEAST <= size)
		headers = h.csum_start + (size_t)(ethernet[h.csum_start + 12] >> 4) * 4;
	if (headers > size)
		headers = size;
	size_t payload = size - headers;
	size_t segments = payload ? (payload + h.gso_size - 1) / h.gso_size : 1;
	return (int64_t)(payload + segments * (headers + FRAME_EXTRA));
}

unsigned char *wire_room(struct wire *w)
{
	const size_t need = sizeof(struct record) + WIRE_FRAME_ROOM + sizeof(int64_t);
	if (!w->count) {
		w->head = w->tail = 0;
		w->wrapped = 0;
	}
	if (!w->wrapped && w->size - w->tail < need) {
		w->end = w->tail;
		w->tail = 0;
		w->wrapped = 1;
	}
	if (w->wrapped && w->head - w->tail < need)
		return NULL;
	return w->store + w->tail + sizeof(struct record);
}

static int64_t jitter_at(const struct wire *w, int64_t departure_ns)
{
	if (!w->shape.jitter_ns)
		return 0;
	int64_t since = departure_ns - w->epoch_ns, knot = since / w->knot_ns;
	double from = unit(w->shape.seed ^ mix((uint64_t)knot)), to = unit(w->shape.seed ^ mix((uint64_t)knot + 1));
	double at = from + (to - from) * (double)(since % w->knot_ns) / (double)w->knot_ns;
	return (int64_t)((2 * at - 1) * (double)w->shape.jitter_ns);
}

enum wire_fate wire_arrive(struct wire *w, size_t length, int64_t now_ns)
{
	const struct wire_shape *s = &w->shape;
	struct record *r = (struct record *)(void *)(w->store + w->tail);
	int lost = s->loss > 0 && unit(w->random++) < s->loss;
	if (!w->epoch_ns) {
		w->epoch_ns = now_ns;
		w->departure_ns = now_ns;
	}
	int64_t bytes = wire_bytes(w->store + w->tail + sizeof(*r), length);
	int64_t start = w->departure_ns > now_ns ? w->departure_ns : now_ns, takes = 0;
	if (s->rate_bits_per_s) {
		takes = (int64_t)((double)bytes * 8e9 / (double)s->rate_bits_per_s + 0.5);
		if (start > now_ns && start - now_ns + takes > w->queue_ns)
			return WIRE_DROPPED;
	}
	w->departure_ns = start + takes;
	if (lost)
		return WIRE_LOST;
	r->due_ns = w->departure_ns + s->delay_ns + jitter_at(w, w->departure_ns);
	r->wire_bytes = bytes;
	r->length = length;
	w->tail += (sizeof(*r) + length + 7) & ~(size_t)7;
	w->count++;
	return WIRE_KEPT;
}

static const struct record *oldest(const struct wire *w)
{
	return (const struct record *)(const void *)(w->store + w->head);
}

int64_t wire_due(const struct wire *w)
{
	return w->count ? oldest(w)->due_ns : INT64_MAX;
}

const unsigned char *wire_frame(const struct wire *w, size_t *ret_length, int64_t *ret_wire_bytes)
{
	*ret_length = oldest(w)->length;
	*ret_wire_bytes = oldest(w)->wire_bytes;
	return w->store + w->head + sizeof(struct record);
}

void wire_done(struct wire *w)
{
	w->head += (sizeof(struct record) + oldest(w)->length + 7) & ~(size_t)7;
	w->count--;
	if (w->wrapped && w->head == w->end) {
		w->head = 0;
		w->wrapped = 0;
	}
}
