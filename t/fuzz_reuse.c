/*
 * The pair of reuse.h with a link that changes bytes. The first byte says who is to suffer: the receiver of frames that
 * were made from a stream and then changed, or the sender of a stream that hears words. What the receiver gives out is
 * always the beginning of the stream, as far as the frames are those that were made. Words come of proofs of something new only.
 */
#include "bench/migrate/reuse/reuse_wire.h"
#include "t/fuzz.h"
#include "t/made_stream.h"
#include "t/reused.h"

static struct page_store *store_of(uint32_t slots)
{
	struct page_store *s;
	struct err e = { 0 };
	if (page_store_open(&s, NULL, slots, 1, &e) < 0)
		abort();
	page_store_session(s);
	return s;
}

/* How often the receiver said something. */
static size_t said(const struct reuse_bytes *words, char which)
{
	size_t count = 0;
	for (size_t at = 0; at < words->length;) {
		char letter = (char)words->bytes[at];
		count += letter == which;
		at += letter == 'H' ? 9 + REUSE_GREETING : letter == 'G' ? 5 : letter == 'X' ? 17 : 9;
	}
	return count;
}

/* The least for an answer: a byte in a literal, and its proof. */
enum { ANSWERED = 6 + 25 };

static void to_receiver(const uint8_t *bytes, size_t length, size_t piece)
{
	struct page_store *store = store_of(64);
	struct reused u;
	reused_begin(&u, REUSE_MEMORY, NULL, store);
	u.words.length = 0;
	for (size_t at = 0; at < length; at += piece)
		reuse_receiver_take(u.receiver, bytes + at, length - at < piece ? length - at : piece, &u.raw,
		                    SIZE_MAX, &u.words);
	if (reuse_receiver_report(u.receiver)->raw_bytes != u.raw.length || page_store_count(store) > 64)
		abort();
	if (said(&u.words, 'A') > length / ANSWERED || said(&u.words, 'N') > 3)
		abort();
	while (reuse_receiver_has_more(u.receiver) && u.words.length < 1 << 20)
		reuse_receiver_words(u.receiver, &u.words);
	if (u.words.length >= 1 << 20)
		abort();
	reused_free(&u);
	page_store_close(store);
}

/* Words, 24 bytes of the stream, words, ... */
static void to_sender(const uint8_t *bytes, size_t length, size_t piece)
{
	struct page_store *store = store_of(64);
	struct reused u;
	unsigned char stream[64] = "QEVM";
	reused_begin(&u, REUSE_MEMORY, store, store);
	for (size_t at = 0; at < length; at += piece) {
		reuse_sender_hear(u.sender, bytes + at, length - at < piece ? length - at : piece, &u.frames,
		                  &u.back);
		size_t room = reuse_sender_room(u.sender), taken = room < sizeof(stream) ? room : sizeof(stream);
		if (taken)
			reuse_sender_take(u.sender, stream, taken, &u.frames);
		reuse_sender_turn(u.sender, &u.frames);
	}
	reused_free(&u);
	page_store_close(store);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t length)
{
	if (length < 2)
		return 0;
	size_t piece = 1 + *bytes / 2 * 7u;
	if (*bytes & 1)
		to_sender(bytes + 1, length - 1, piece);
	else
		to_receiver(bytes + 1, length - 1, piece);
	return 0;
}

static size_t seed_frames(int which, unsigned char *buffer)
{
	struct page_store *store = store_of(64);
	struct made_stream s = { 0 };
	struct reused u;
	unsigned char content[MADE_PAGE_BYTES];
	made_vm_begin(&s, 16);
	for (int i = 0; i < 2 + which % 6; i++) {
		memset(content, i % 3, sizeof(content));
		content[7] = (unsigned char)which;
		made_page(&s, "pc.ram", (uint64_t)i * MADE_PAGE_BYTES, content);
	}
	made_part_end(&s);
	reused_begin(&u, REUSE_MEMORY, NULL, store);
	reuse_sender_hear(u.sender, u.words.bytes, u.words.length, &u.frames, &u.back);
	size_t begun = reuse_sender_room(u.sender);
	reuse_sender_take(u.sender, s.bytes, begun, &u.frames);
	reuse_sender_take(u.sender, s.bytes + begun, s.length - begun, &u.frames);
	reuse_sender_end(u.sender, &u.frames);
	size_t length = u.frames.length < FUZZ_ROOM - 1 ? u.frames.length : FUZZ_ROOM - 1;
	memcpy(buffer, u.frames.bytes, length);
	reused_free(&u);
	page_store_close(store);
	free(s.bytes);
	return length;
}

/* The same proof again and again. */
static size_t seed_proofs(int which, unsigned char *buffer)
{
	struct reuse_bytes frames = { 0 };
	struct reuse_sum *sum = reuse_sum_create();
	if (!sum)
		abort();
	if (which % 8) {
		reuse_put(&frames, "L\0\0\0\1a", 6);
		reuse_sum_add(sum, "a", 1);
	}
	for (int i = 0; i < 200; i++) {
		reuse_put(&frames, "K", 1);
		reuse_put_number(&frames, which % 8 ? 1 : 0, 8);
		reuse_put_hash(&frames, reuse_sum_now(sum));
	}
	memcpy(buffer, frames.bytes, frames.length);
	size_t length = frames.length;
	reuse_sum_free(sum);
	free(frames.bytes);
	return length;
}

static size_t seed_words(int which, unsigned char *buffer)
{
	struct made_stream s = { 0 };
	if (which % 7 == 6) {
		/* Of version 1. */
		made_bytes(&s, "H\0\0\0\1", 5);
		made_number(&s, 1, 8);
		made_number(&s, 10, 4);
		made_number(&s, 2, 4);
		made_bytes(&s, "0123456789abcdef0123456789abcdef", 32);
	} else {
		made_bytes(&s, "H\0\0\0\2\0\0\0", 8);
		made_number(&s, REUSE_GREETING, 1);
		made_number(&s, 1, 8);
		made_number(&s, 7, 8);
		made_number(&s, (uint64_t)which % 3, 8);
		made_bytes(&s, "G\0\0\1\0", 5);
		made_bytes(&s, "T", 1);
		made_number(&s, (uint64_t)which % 3, 4);
		for (int i = 0; i < which % 3; i++)
			made_bytes(&s, "0123456789abcdef", 16);
		made_bytes(&s, "D", 1);
		made_number(&s, (uint64_t)which % 3, 8);
		made_bytes(&s, "X0123456789abcdef", which % 2 ? 17 : 0);
	}
	for (int i = 0; i < which % 5; i++) {
		made_bytes(&s, "A", 1);
		made_number(&s, (uint64_t)i * 64, 8);
	}
	made_bytes(&s, "B\0\0\0\3abc", which % 2 ? 8 : 0);
	made_bytes(&s, "N", 1);
	made_number(&s, (uint64_t)(which % 5) * 64, 8);
	memcpy(buffer, s.bytes, s.length);
	size_t length = s.length;
	free(s.bytes);
	return length;
}

size_t fuzz_seed(int which, unsigned char *buffer)
{
	buffer[0] = (unsigned char)which;
	if (which % 4 == 0)
		return 1 + seed_proofs(which, buffer + 1);
	return 1 + (which & 1 ? seed_words(which, buffer + 1) : seed_frames(which, buffer + 1));
}
