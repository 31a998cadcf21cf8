#include "collectors/stream/return_path.h"

#include "collectors/stream/decoder_state.h"

enum step { STEP_HEADER, STEP_CONTENT, STEP_BITMAP_BYTES, STEP_BITMAP_END };

#define BITMAP_END UINT64_C(0x0123456789abcdef)
#define BITMAP_MAX (UINT64_C(1) << 40)

static void expect(struct return_path *r, enum step step, size_t bytes)
{
	r->step = (int)step;
	r->want = bytes;
}

void return_path_begin(struct return_path *r)
{
	memset(r, 0, sizeof(*r));
	r->understood = true;
	expect(r, STEP_HEADER, 4);
}

/* A length that is not the type's own is not QEMU's. */
static void header(struct return_path *r)
{
	static const int lengths[RETURN_MESSAGES] = {
		[RETURN_OTHER] = -1, [RETURN_SHUT] = 4,    [RETURN_PONG] = 4,    [RETURN_PAGES_OF] = -1,
		[RETURN_PAGES] = 12, [RETURN_BITMAP] = -1, [RETURN_RESUMED] = 4, [RETURN_SWITCH_AGREED] = 0,
	};
	uint16_t type = read_be16(r->field), length = read_be16(r->field + 2);
	r->type = type < RETURN_MESSAGES ? type : RETURN_OTHER;
	if (r->type == RETURN_OTHER) {
		r->messages[RETURN_OTHER]++;
		r->skip = length;
		expect(r, STEP_HEADER, 4);
	} else if (length > sizeof(r->field) || (lengths[r->type] >= 0 && length != lengths[r->type])) {
		r->understood = false;
	} else {
		expect(r, STEP_CONTENT, length);
	}
}

static void content(struct return_path *r)
{
	r->messages[r->type]++;
	if ((r->type == RETURN_PAGES || r->type == RETURN_PAGES_OF) && r->want >= 12)
		r->requested_bytes += read_be32(r->field + 8);
	if (r->type == RETURN_SHUT)
		r->shut_value = read_be32(r->field);
	if (r->type == RETURN_BITMAP)
		expect(r, STEP_BITMAP_BYTES, 8);
	else
		expect(r, STEP_HEADER, 4);
}

static void bitmap_bytes(struct return_path *r)
{
	r->skip = read_be64(r->field);
	r->understood = r->skip <= BITMAP_MAX;
	expect(r, STEP_BITMAP_END, 8);
}

static void bitmap_end(struct return_path *r)
{
	r->understood = read_be64(r->field) == BITMAP_END;
	expect(r, STEP_HEADER, 4);
}

static void step(struct return_path *r)
{
	switch (r->step) {
	case STEP_HEADER:
		header(r);
		break;
	case STEP_CONTENT:
		content(r);
		break;
	case STEP_BITMAP_BYTES:
		bitmap_bytes(r);
		break;
	default:
		bitmap_end(r);
	}
}

void return_path_decode(struct return_path *r, const unsigned char *bytes, size_t length)
{
	r->bytes += length;
	while (r->understood) {
		size_t passed = length < r->skip ? length : (size_t)r->skip;
		r->skip -= passed;
		bytes += passed;
		length -= passed;
		if (r->skip)
			return;
		size_t missing = r->want - r->have, taken = missing < length ? missing : length;
		memcpy(r->field + r->have, bytes, taken);
		r->have += taken;
		bytes += taken;
		length -= taken;
		if (taken < missing)
			return;
		r->have = 0;
		step(r);
	}
}
