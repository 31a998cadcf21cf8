/*
 * made_segment.h - for tests: a frame with a TCP segment, as a device would show it.
 */
#ifndef T_MADE_SEGMENT_H
#define T_MADE_SEGMENT_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

enum {
	MADE_FIN = 1,
	MADE_SYN = 2,
	MADE_RST = 4,
	MADE_ACK = 16,
	MADE_FRAME_ROOM = 14 + 20 + 60,
};

/* Of 10.77.3.2:40000 to 10.77.3.3:49152, or back; the payload itself is not made, only its length. */
struct made_segment {
	uint32_t seq, ack;
	unsigned flags, window;
	size_t payload;
	int scale; /* an option of a SYN; 0: none */
	int back;
};

static inline void made_16(unsigned char *at, unsigned value)
{
	at[0] = (unsigned char)(value >> 8);
	at[1] = (unsigned char)value;
}

static inline void made_32(unsigned char *at, uint32_t value)
{
	made_16(at, value >> 16);
	made_16(at + 2, value & 0xffff);
}

/* Its headers into MADE_FRAME_ROOM bytes; returns how many, and in *ret_whole how long the frame is. */
static inline size_t made_frame(const struct made_segment *m, unsigned char *frame, size_t *ret_whole)
{
	size_t options = m->scale ? 8 : 0, headers = 14 + 20 + 20 + options, length = 40 + options + m->payload;
	unsigned char *ip = frame + 14, *tcp = ip + 20;
	memset(frame, 0, MADE_FRAME_ROOM);
	made_16(frame + 12, 0x0800);
	ip[0] = 0x45;
	made_16(ip + 2, length > 0xffff ? 0 : (unsigned)length);
	made_16(ip + 6, 0x4000);
	ip[9] = 6;
	made_32(ip + 12, m->back ? 0x0a4d0303 : 0x0a4d0302);
	made_32(ip + 16, m->back ? 0x0a4d0302 : 0x0a4d0303);
	made_16(tcp, m->back ? 49152 : 40000);
	made_16(tcp + 2, m->back ? 40000 : 49152);
	made_32(tcp + 4, m->seq);
	made_32(tcp + 8, m->ack);
	tcp[12] = (unsigned char)((20 + options) / 4 << 4);
	tcp[13] = (unsigned char)m->flags;
	made_16(tcp + 14, m->window);
	if (options) {
		const unsigned char list[8] = { 2, 4, 5, 0xb4, 1, 3, 3, (unsigned char)m->scale };
		memcpy(tcp + 20, list, sizeof(list));
	}
	*ret_whole = headers + m->payload;
	return headers;
}

#endif
