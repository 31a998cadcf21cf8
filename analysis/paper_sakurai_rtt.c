/*
 * The claims of Sakurai, Sano, Ishii about measured transfers, figures 2 and 3: a live migration method for optimised
 * virtual machine deployment (tables 3 and 5 are in paper_sakurai.c). The points of the study are 0.60 and 1.00, the GiB
 * of memory in use, each at five round trips.
 *
 * The paper prints no times, only that 6 ms more than double them. Its time is that of the whole migration; ours also
 * stands without what comes before and behind the transfer (transfer_time), which no round trip lengthens much.
 */
#include "analysis/claims.h"

#include <math.h>

#define RTTS "0ms 6ms 10ms 20ms 30ms"
#define ABOVE(limit) (limit), INFINITY
#define FIGURE -INFINITY, INFINITY

#define TIME(used, rtt) "migration_time(" used ", " rtt ", completion)"
#define TRANSFER(used, rtt) "transfer_time(" used ", " rtt ")"

static const char doubles[] = "a round trip of 6 ms more than doubles the time of a migration without one",
		  longer[] = "with more memory in use a migration takes longer";

/* clang-format off */
const struct claim sakurai_rtt_claims[] = {
	{ "S1", doubles, TIME("0.60", "6ms") " / " TIME("0.60", "0ms"), NULL, ABOVE(2), "times", "more than 2 (fig. 2)", 0,
	  "Time with 6 ms of RTT over that without, 0.60 GiB:" },
	{ "S1", doubles, TIME("1.00", "6ms") " / " TIME("1.00", "0ms"), NULL, ABOVE(2), "times", "more than 2 (fig. 3)", 0,
	  "1.00 GiB:" },
	{ "S1", doubles, TRANSFER("0.60", "6ms") " / " TRANSFER("0.60", "0ms"), NULL, FIGURE, "times", "not given", 1, NULL },
	{ "S1", doubles, TRANSFER("1.00", "6ms") " / " TRANSFER("1.00", "0ms"), NULL, FIGURE, "times", "not given", 1, NULL },
	{ "S1", doubles, TIME("1.00", "30ms") " / " TIME("1.00", "0ms"), NULL, FIGURE, "times",
	  "too long to migrate at all", 1, "1.00 GiB, 30 ms:" },

	{ "S2", longer, TIME("1.00", "EACH") " / " TIME("0.60", "EACH"), RTTS, ABOVE(1), "times", "longer (figs. 2, 3)", 0,
	  NULL },
	{ "S2", longer, TRANSFER("1.00", "EACH") " / " TRANSFER("0.60", "EACH"), RTTS, FIGURE, "times", "not given", 1, NULL },
	{ 0 },
};
/* clang-format on */
