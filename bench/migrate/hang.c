#include "bench/migrate/hang.h"

#include "bench/base/clock.h"
#include "bench/base/err.h"
#include "bench/migrate/migration.h"
#include "bench/migrate/rescue.h"
#include "bench/migrate/steering.h"

#define RESCUE_NS (3 * NS_PER_S) /* an attempt that takes so long may hang */
#define GRACE_NS (10 * NS_PER_S) /* for a call to return by itself */

enum hang_step hang_judge(const struct hang *h, const struct attempt *attempt, int64_t broken_off_ns, int64_t now_ns)
{
	bool late = attempt->since_ns && now_ns > attempt->until_ns + GRACE_NS;
	bool off = broken_off_ns && now_ns > broken_off_ns + GRACE_NS;
	if (h->ended)
		return HANG_WAIT;
	if (late || off)
		return HANG_END;
	return h->rescue && attempt->since_ns && attempt->since_ns != h->rescued_ns &&
	                       now_ns > attempt->since_ns + RESCUE_NS
	               ? HANG_RESCUE
	               : HANG_WAIT;
}

void hang_ready(struct hang *h)
{
	const struct migration_spec *spec = h->spec;
	struct rescue_spec rescue = { spec->source_monitor, spec->destination_monitor, "", "" };
	struct err e = { 0 };
	if (h->ready || !spec->destination_monitor)
		return;
	h->ready = true;
	if (rescue_uris(&rescue, spec->uri, spec->listen_ip) && rescue_open(&h->rescue, &rescue, &e) < 0)
		migration_say(spec, "recovery-past-libvirt", e.text);
}

static void tell(struct hang *h)
{
	struct err e = { 0 };
	int result = rescue_try(h->rescue, &e);
	if (result)
		migration_say(h->spec, "recovery-past-libvirt",
		              result > 0 ? "the destination's QEMU did not answer, and was told out of band"
		                         : e.text);
}

static const char *end(struct hang *h)
{
	const struct migration_spec *spec = h->spec;
	virDomainPtr there = spec->ours ? virDomainLookupByName(spec->destination, spec->vm) : NULL;
	h->ended = true;
	migration_say(spec, "recovery-hangs",
	              there ? "what it had of the VM is ended"
	                    : "the VM is not ours to end: to end it there ends this");
	if (!there)
		return NULL;
	virDomainDestroy(there);
	virDomainFree(there);
	return "the destination's QEMU did not answer: it may be waiting for a page itself";
}

const char *hang_look(struct hang *h, const struct attempt *attempt, int64_t broken_off_ns)
{
	enum hang_step step = hang_judge(h, attempt, broken_off_ns, clock_now_ns());
	if (step == HANG_RESCUE) {
		h->rescued_ns = attempt->since_ns;
		tell(h);
	}
	return step == HANG_END ? end(h) : NULL;
}

void hang_close(struct hang *h)
{
	rescue_close(h->rescue);
	h->rescue = NULL;
}
