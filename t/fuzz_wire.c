/*
 * Frames through an emulated wire, whatever their virtio-net headers say: a kept frame comes out as it went in, in
 * order, due no earlier than it came, and takes a positive number of bytes on the wire.
 */
#include "bench/base/err.h"
#include "bench/testbed/link_wire.h"
#include "t/fuzz.h"

#include <linux/virtio_net.h>
#include <stdlib.h>
#include <string.h>

enum { HEADER = sizeof(struct virtio_net_hdr), FRAMES_MAX = 512 };

struct kept {
	size_t length;
	int64_t arrived_ns;
	unsigned char mark;
};

static void take_oldest(struct wire *w, const struct kept *expected, int64_t *last_due_ns)
{
	size_t length;
	int64_t wire;
	const unsigned char *frame = wire_frame(w, &length, &wire);
	if (length != expected->length || frame[length - 1] != expected->mark || wire <= 0)
		abort();
	if (wire_due(w) < expected->arrived_ns || wire_due(w) < *last_due_ns)
		abort();
	*last_due_ns = wire_due(w);
	wire_done(w);
}

/*
 * The input: a byte that chooses the shape; then for each frame 1 byte of time since the last, 2 of length, and the
 * frame's first 64 bytes, or what is left. Every fourth frame lets one out.
 */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	static const struct wire_shape shapes[] = {
		{ .seed = 1 },
		{ .rate_bits_per_s = 1000000, .delay_ns = 20000000, .jitter_ns = 3000000, .queue_bytes = 20000 },
		{ .rate_bits_per_s = 100000000000, .delay_ns = 1000, .loss = 0.3, .queue_bytes = 1 << 20, .seed = 9 },
		{ .delay_ns = 5000000000, .jitter_ns = 5000000000 },
	};
	static struct kept queue[FRAMES_MAX];
	size_t in = 0, out = 0;
	int64_t now_ns = 1000000000, last_due_ns = 0;
	struct wire *w;
	struct err e = { 0 };
	unsigned char *room;
	if (length == 0 || wire_create(&w, &shapes[*bytes % 4], &e) < 0)
		return 0;
	bytes++;
	length--;
	while (length >= 3 && in < FRAMES_MAX && (room = wire_room(w))) {
		now_ns += (int64_t)bytes[0] * bytes[0] * 1000;
		size_t size = (size_t)bytes[1] << 8 | bytes[2];
		size = size < HEADER + 14 ? HEADER + 14 : size;
		bytes += 3;
		length -= 3;
		size_t given = length < 64 ? length : 64;
		given = given < size ? given : size;
		memset(room, 0, size);
		memcpy(room, bytes, given);
		bytes += given;
		length -= given;
		struct kept kept = { size, now_ns, room[size - 1] };
		if (wire_arrive(w, size, now_ns) == WIRE_KEPT)
			queue[in++] = kept;
		if (in % 4 == 3 && out < in)
			take_oldest(w, &queue[out++], &last_due_ns);
	}
	while (out < in)
		take_oldest(w, &queue[out++], &last_due_ns);
	if (wire_due(w) != INT64_MAX)
		abort();
	wire_free(w);
	return 0;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	size_t used = 0;
	buffer[used++] = (unsigned char)which;
	for (int i = 0; i < 1 + which % 90; i++) {
		struct virtio_net_hdr h = { .flags = VIRTIO_NET_HDR_F_NEEDS_CSUM,
			                    .gso_type = i % 2 ? VIRTIO_NET_HDR_GSO_TCPV4 : VIRTIO_NET_HDR_GSO_NONE,
			                    .hdr_len = 66,
			                    .gso_size = 1448,
			                    .csum_start = 34 };
		size_t size = i % 2 ? 20000 : 100 + (size_t)i;
		unsigned char frame[64] = { [HEADER + 46] = 0x80 };
		memcpy(frame, &h, sizeof(h));
		buffer[used++] = (unsigned char)(which * i);
		buffer[used++] = (unsigned char)(size >> 8);
		buffer[used++] = (unsigned char)size;
		memcpy(buffer + used, frame, sizeof(frame));
		used += sizeof(frame);
	}
	return used;
}
