#include "workloads/store.h"

#include "bench/base/err.h"
#include "workloads/memory.h"

#include <sys/mman.h>

#define CHUNK_BYTES (STORE_CHUNK_SAMPLES * sizeof(struct sample))
#define MARGIN_BYTES (INT64_C(2) << 20) /* an allocation that takes the last page of a guest is its end */

int store_reserve(struct store *s, struct err *e)
{
	uint32_t in_use = atomic_load(&s->next) / STORE_CHUNK_SAMPLES;
	for (uint32_t i = in_use; i < in_use + 2 && i < STORE_CHUNKS; i++) {
		if (atomic_load(&s->chunk[i]))
			continue;
		int64_t available = memory_available_bytes();
		if (available >= 0 && available < (int64_t)CHUNK_BYTES + MARGIN_BYTES)
			return err_set(e, EXIT_CANNOT, "out of memory for samples after %u of them",
			               atomic_load(&s->next));
		void *chunk = mmap(NULL, CHUNK_BYTES, PROT_READ | PROT_WRITE,
		                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
		if (chunk == MAP_FAILED)
			return err_errno(e, EXIT_CANNOT, "memory for samples");
		mlock(chunk,
		      CHUNK_BYTES); /* resident already; may be refused on a host, where it only keeps swap away */
		atomic_store_explicit(&s->chunk[i], chunk, memory_order_release);
	}
	return 0;
}

bool store_append(struct store *s, struct sample sample)
{
	sample.seq = atomic_load_explicit(&s->next, memory_order_relaxed);
	uint32_t i = sample.seq / STORE_CHUNK_SAMPLES;
	struct sample *chunk = i < STORE_CHUNKS ? atomic_load_explicit(&s->chunk[i], memory_order_acquire) : NULL;
	if (!chunk)
		return false;
	chunk[sample.seq % STORE_CHUNK_SAMPLES] = sample;
	atomic_store_explicit(&s->next, sample.seq + 1, memory_order_release);
	return true;
}

int store_read(const struct store *s, uint32_t first, int count, struct sample *ret)
{
	uint32_t next = atomic_load_explicit(&s->next, memory_order_acquire);
	int n = 0;
	for (uint32_t seq = first; n < count && seq < next; seq++)
		ret[n++] = atomic_load(&s->chunk[seq / STORE_CHUNK_SAMPLES])[seq % STORE_CHUNK_SAMPLES];
	return n;
}

void store_free(struct store *s)
{
	for (uint32_t i = 0; i < STORE_CHUNKS && atomic_load(&s->chunk[i]); i++)
		munmap(atomic_load(&s->chunk[i]), CHUNK_BYTES);
}
