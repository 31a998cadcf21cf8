#include "bench/compare_arguments.h"

#include "analysis/compare_rules.h"
#include "bench/command.h"

#include <stddef.h>

int compare_arguments_read(const struct arguments *a, struct compare_choices *ret, struct err *e)
{
	const char *text;
	for (int i = 0; (text = arguments_option_at(a, "metric", i)); i++)
		if (compare_choose_metric(ret, text, e) < 0)
			return -1;
	for (int i = 0; (text = arguments_option_at(a, "threshold", i)); i++)
		if (compare_choose_threshold(ret, text, e) < 0)
			return -1;
	return 0;
}
