/* What a move that goes on comes to, and its limit: without any hypervisor. Declared in steering.h. */
#include "bench/migrate/steering.h"

#include "bench/base/clock.h"

enum steering_verdict steering_judge(const struct steering_moment *now, const char **ret_reason)
{
	bool late = now->taken_ns > now->timeout_ns;
	if (now->in_postcopy && now->interrupted >= INTERRUPT_BREAK_OFF) {
		*ret_reason = "interrupted a second time, in post-copy";
		return STEERING_BREAK_OFF;
	}
	if (now->in_postcopy && now->taken_ns > 2 * now->timeout_ns) {
		*ret_reason = "it took longer than twice migration.timeout in post-copy";
		return STEERING_BREAK_OFF;
	}
	if (!now->interrupted && !late)
		return STEERING_GO_ON;
	*ret_reason = now->interrupted ? "interrupted" : "it took longer than migration.timeout";
	return now->interrupted && now->in_postcopy ? STEERING_LET_END : STEERING_ABORT;
}

int64_t steering_limit_ns(int64_t asked_ns, double share, int64_t set_ns)
{
	int64_t ms = (int64_t)((double)asked_ns * share) / NS_PER_MS, wanted_ns = (ms > 0 ? ms : 1) * NS_PER_MS;
	bool far = wanted_ns < set_ns - set_ns / 4 || wanted_ns > set_ns + set_ns / 4;
	return far || (share >= 1 && wanted_ns != set_ns) ? wanted_ns : set_ns;
}
