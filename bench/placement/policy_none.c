/* policy none: VMs stay where they started, what everything else is compared with. */
#include "bench/placement/policy.h"

const struct policy_ops none_policy = {
	.name = "none",
	.help = "nothing ever moves; a VM starts at its home, or waits for room there",
};
