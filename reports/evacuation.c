#include "reports/evacuation.h"

#include "bench/base/err.h"
#include "reports/csv_table.h"
#include "reports/run_data.h"

#include <json-c/json.h>
#include <math.h>
#include <string.h>

enum { ROWS = 1000 };

static void text_print(FILE *out, const struct csv_table *t)
{
	const char *last = "";
	for (int i = 0; i < csv_table_rows(t); i++) {
		const char *link = csv_table_text(t, i, "link"), *never = csv_table_text(t, i, "never");
		double time_s = csv_table_number(t, i, "time_s"), low_s = csv_table_number(t, i, "low_s");
		char time[64], range[96] = "", bound[64];
		if (i == 0 || strcmp(link, last) != 0)
			fprintf(out, "%s%s%severy byte once: %s\n", i ? "\n" : "", link, *link ? "; " : "",
			        value_format(csv_table_number(t, i, "bound_s") * 1e9, "ns", bound, sizeof(bound)));
		last = link;
		if (!isnan(low_s))
			snprintf(range, sizeof(range), " (%.4g to %.4g s)", low_s, csv_table_number(t, i, "high_s"));
		fprintf(out,
		        "  %-12s %s%s, %.3g times the best, %.3g times the least; %.3g times the memory sent; %s at a time",
		        csv_table_text(t, i, "schedule"), value_format(time_s * 1e9, "ns", time, sizeof(time)), range,
		        csv_table_number(t, i, "times_best"), csv_table_number(t, i, "times_bound"),
		        csv_table_number(t, i, "sent_to_memory"), csv_table_text(t, i, "most"));
		if (strcmp(never, "0") != 0)
			fprintf(out, "; %s of %s runs came to no end", never, csv_table_text(t, i, "n"));
		putc('\n', out);
	}
}

static void csv_print(FILE *out, const struct csv_table *t)
{
	for (int i = -1; i < t->rows; i++)
		for (int c = 0; c < t->columns; c++)
			fprintf(out, "%s%s", i < 0 ? t->names[c] : t->cells[i * t->columns + c],
			        c + 1 < t->columns ? "," : "\n");
}

static void json_print(FILE *out, const struct csv_table *t)
{
	struct json_object *rows = json_object_new_array();
	for (int i = 0; i < t->rows; i++) {
		struct json_object *row = json_object_new_object();
		for (int c = 0; c < t->columns; c++) {
			const char *cell = t->cells[i * t->columns + c];
			double number = csv_number(cell);
			json_object_object_add(row, t->names[c],
			                       isnan(number) ? json_object_new_string(cell)
			                                     : json_object_new_double_s(number, cell));
		}
		json_object_array_add(rows, row);
	}
	fprintf(out, "%s\n", json_object_to_json_string_ext(rows, JSON_C_TO_STRING_PRETTY));
	json_object_put(rows);
}

int evacuation_print(FILE *out, const char *directory, enum report_format format, struct err *e)
{
	struct csv_table *t;
	if (csv_table_load(&t, directory, "evacuation.csv", ROWS, e) < 0)
		return -1;
	(format == REPORT_TEXT ? text_print : format == REPORT_CSV ? csv_print : json_print)(out, t);
	csv_table_free(t);
	return 0;
}
