#include "bench/base/sample_wire.h"

#include <string.h>

/*
 * Header, 16 bytes: magic u32, version u8, type u8, vm u16, run_id u64. Then by type:
 *	HELLO    state u8, workloads u8, boot_ns u64, next_seq u32 x 4, job_done i64 x 4, slots_missed u64, detail 128
 *	SAMPLES  workload u8, fetched u8, count u8, zero u8,
 *	         count x { seq u32, guest_ns i64, work i64, worst_op i64, worst_service i64 }
 *	FETCH    workload u8, zero u8, count u16, first u32
 *	PACE     interval_ns i64
 *	START, STOP, POWEROFF   nothing
 * One encoding a message: unused bytes are zero, and what has them set is refused.
 */
#define MAGIC UINT32_C(0x31574d4d) /* "MMW1" */
#define HEADER_BYTES 16
#define HELLO_BYTES (HEADER_BYTES + 2 + 8 + 4 * WORKLOADS_PER_GUEST + 8 * WORKLOADS_PER_GUEST + 8 + 128)
#define SAMPLES_BYTES (HEADER_BYTES + 4)
#define SAMPLE_BYTES 36
#define FETCH_BYTES (HEADER_BYTES + 8)
#define PACE_BYTES (HEADER_BYTES + 8)

_Static_assert(SAMPLES_BYTES + SAMPLES_PER_MESSAGE * SAMPLE_BYTES <= MESSAGE_ROOM, "a full SAMPLES must fit");
_Static_assert(HELLO_BYTES <= MESSAGE_ROOM, "a HELLO must fit");

static unsigned char *put(unsigned char *to, uint64_t value, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		*to++ = (unsigned char)(value >> (8 * i));
	return to;
}

static uint64_t get(const unsigned char **from, size_t bytes)
{
	uint64_t value = 0;
	for (size_t i = 0; i < bytes; i++)
		value |= (uint64_t) * (*from)++ << (8 * i);
	return value;
}

static int printable(unsigned char c)
{
	return c >= 0x20 && c <= 0x7e;
}

static unsigned char *put_hello(const struct message *m, unsigned char *p)
{
	p = put(p, m->hello.state, 1);
	p = put(p, m->hello.workloads, 1);
	p = put(p, m->hello.boot_ns, 8);
	for (int i = 0; i < WORKLOADS_PER_GUEST; i++)
		p = put(p, m->hello.next_seq[i], 4);
	for (int i = 0; i < WORKLOADS_PER_GUEST; i++)
		p = put(p, (uint64_t)m->hello.job_done_guest_ns[i], 8);
	p = put(p, m->hello.slots_missed, 8);
	size_t length = strnlen(m->hello.detail, sizeof(m->hello.detail) - 1);
	memset(p, 0, sizeof(m->hello.detail));
	for (size_t i = 0; i < length; i++)
		p[i] = printable((unsigned char)m->hello.detail[i]) ? (unsigned char)m->hello.detail[i] : '?';
	return p + sizeof(m->hello.detail);
}

static unsigned char *put_samples(const struct message *m, unsigned char *p)
{
	p = put(p, m->samples.workload, 1);
	p = put(p, m->samples.fetched, 1);
	p = put(p, m->samples.count, 1);
	p = put(p, 0, 1);
	for (size_t i = 0; i < m->samples.count; i++) {
		const struct sample *s = &m->samples.sample[i];
		p = put(p, s->seq, 4);
		p = put(p, (uint64_t)s->guest_ns, 8);
		p = put(p, (uint64_t)s->work, 8);
		p = put(p, (uint64_t)s->worst_op_ns, 8);
		p = put(p, (uint64_t)s->worst_service_ns, 8);
	}
	return p;
}

size_t message_encode(const struct message *m, unsigned char *buffer)
{
	unsigned char *p = put(buffer, MAGIC, 4);
	p = put(p, SAMPLE_WIRE_VERSION, 1);
	p = put(p, m->type, 1);
	p = put(p, m->vm, 2);
	p = put(p, m->run_id, 8);
	switch (m->type) {
	case MESSAGE_HELLO:
		p = put_hello(m, p);
		break;
	case MESSAGE_SAMPLES:
		p = put_samples(m, p);
		break;
	case MESSAGE_FETCH:
		p = put(p, m->fetch.workload, 1);
		p = put(p, 0, 1);
		p = put(p, m->fetch.count, 2);
		p = put(p, m->fetch.first, 4);
		break;
	case MESSAGE_PACE:
		p = put(p, (uint64_t)m->pace.interval_ns, 8);
		break;
	case MESSAGE_START:
	case MESSAGE_STOP:
	case MESSAGE_POWEROFF:
		break;
	}
	return (size_t)(p - buffer);
}

/* The decoders below return NULL, or what is wrong. Lengths were checked by the caller. */
static const char *get_hello(const unsigned char *p, struct message *m)
{
	uint64_t state = get(&p, 1);
	if (state > AGENT_FAILED)
		return "unknown agent state";
	m->hello.state = (enum agent_state)state;
	m->hello.workloads = (uint8_t)get(&p, 1);
	if (m->hello.workloads < 1 || m->hello.workloads > WORKLOADS_PER_GUEST)
		return "workload count out of range";
	m->hello.boot_ns = get(&p, 8);
	if (m->hello.boot_ns > INT64_MAX)
		return "guest clock out of range";
	for (int i = 0; i < WORKLOADS_PER_GUEST; i++)
		m->hello.next_seq[i] = (uint32_t)get(&p, 4);
	for (int i = 0; i < WORKLOADS_PER_GUEST; i++) {
		m->hello.job_done_guest_ns[i] = (int64_t)get(&p, 8);
		if (m->hello.job_done_guest_ns[i] < -1)
			return "end of job out of range";
	}
	m->hello.slots_missed = get(&p, 8);
	if (m->hello.slots_missed > INT64_MAX)
		return "missed slots out of range";
	size_t length = strnlen((const char *)p, sizeof(m->hello.detail));
	if (length == sizeof(m->hello.detail))
		return "detail text without an end";
	for (size_t i = 0; i < sizeof(m->hello.detail); i++) {
		if (i < length ? !printable(p[i]) : p[i] != 0)
			return "detail text not printable";
		m->hello.detail[i] = (char)p[i];
	}
	return NULL;
}

static const char *get_samples(const unsigned char *p, size_t length, struct message *m)
{
	m->samples.workload = (uint8_t)get(&p, 1);
	m->samples.fetched = (uint8_t)get(&p, 1);
	m->samples.count = (uint8_t)get(&p, 1);
	if (m->samples.workload >= WORKLOADS_PER_GUEST)
		return "workload index out of range";
	if (m->samples.fetched > 1)
		return "fetched flag out of range";
	if (m->samples.count < 1 || m->samples.count > SAMPLES_PER_MESSAGE)
		return "sample count out of range";
	if (get(&p, 1) != 0)
		return "reserved byte set";
	if (length != SAMPLES_BYTES + (size_t)m->samples.count * SAMPLE_BYTES)
		return "length does not match the sample count";
	for (size_t i = 0; i < m->samples.count; i++) {
		struct sample *s = &m->samples.sample[i];
		s->seq = (uint32_t)get(&p, 4);
		s->guest_ns = (int64_t)get(&p, 8);
		s->work = (int64_t)get(&p, 8);
		s->worst_op_ns = (int64_t)get(&p, 8);
		s->worst_service_ns = (int64_t)get(&p, 8);
		if (s->guest_ns < 0 || s->work < 0 || s->worst_op_ns < 0 || s->worst_service_ns < 0)
			return "negative stamp, work or latency";
		if (s->guest_ns >= SAMPLE_VALUE_LIMIT || s->work >= SAMPLE_VALUE_LIMIT ||
		    s->worst_op_ns >= SAMPLE_VALUE_LIMIT)
			return "stamp, work or latency out of range";
		if (s->worst_service_ns > s->worst_op_ns)
			return "operation shorter than its service";
		if (i > 0 && s->seq <= s[-1].seq)
			return "sample numbers not ascending";
	}
	return NULL;
}

static const char *get_fetch(const unsigned char *p, struct message *m)
{
	m->fetch.workload = (uint8_t)get(&p, 1);
	if (get(&p, 1) != 0)
		return "reserved byte set";
	m->fetch.count = (uint16_t)get(&p, 2);
	m->fetch.first = (uint32_t)get(&p, 4);
	if (m->fetch.workload >= WORKLOADS_PER_GUEST)
		return "workload index out of range";
	if (m->fetch.count < 1 || UINT32_MAX - m->fetch.first < (uint32_t)m->fetch.count - 1)
		return "range to fetch is empty or too long";
	return NULL;
}

static const char *get_pace(const unsigned char *p, struct message *m)
{
	int64_t interval_ns = (int64_t)get(&p, 8);
	m->pace.interval_ns = interval_ns;
	if (interval_ns && (interval_ns < SAMPLE_INTERVAL_MIN_NS || interval_ns > SAMPLE_INTERVAL_MAX_NS))
		return "sampling interval out of range";
	return NULL;
}

static const char *decode(const unsigned char *p, size_t length, struct message *m)
{
	if (length < HEADER_BYTES)
		return "shorter than a header";
	const unsigned char *header = p;
	if (get(&header, 4) != MAGIC)
		return "wrong magic";
	if (get(&header, 1) != SAMPLE_WIRE_VERSION)
		return "other version";
	uint64_t type = get(&header, 1);
	m->vm = (uint16_t)get(&header, 2);
	m->run_id = get(&header, 8);
	switch (type) {
	case MESSAGE_HELLO:
		m->type = MESSAGE_HELLO;
		return length != HELLO_BYTES ? "wrong length of a hello" : get_hello(header, m);
	case MESSAGE_SAMPLES:
		m->type = MESSAGE_SAMPLES;
		return length < SAMPLES_BYTES ? "samples cut short" : get_samples(header, length, m);
	case MESSAGE_FETCH:
		m->type = MESSAGE_FETCH;
		return length != FETCH_BYTES ? "wrong length of a fetch" : get_fetch(header, m);
	case MESSAGE_PACE:
		m->type = MESSAGE_PACE;
		return length != PACE_BYTES ? "wrong length of a pace" : get_pace(header, m);
	case MESSAGE_START:
	case MESSAGE_STOP:
	case MESSAGE_POWEROFF:
		m->type = (enum message_type)type;
		return length != HEADER_BYTES ? "bytes after a command" : NULL;
	default:
		return "unknown message type";
	}
}

int message_decode(const unsigned char *bytes, size_t length, struct message *ret, const char **ret_reason)
{
	const char *reason = decode(bytes, length, ret);
	if (ret_reason)
		*ret_reason = reason;
	return reason ? -1 : 0;
}
